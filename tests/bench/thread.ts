/** The parts of a thread's scope that are used here; files are checked as those of a window. */
interface ThreadScope {
  postMessage(message: unknown): void;
  onmessage: ((event: { data: unknown }) => void) | null;
}

/** A module that runs in a thread of its own and answers questions, one at a time. */
export class Thread<Question> implements Disposable {
  readonly #worker: Worker;

  /** Starts a module, which must call {@linkcode answerQuestions}. */
  constructor(url: URL) {
    this.#worker = new Worker(url, { type: "module" });
  }

  /** The answer to a question; rejects if the thread broke. */
  ask<T>(question: Question): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#worker.onmessage = ({ data }) => resolve(data);
      this.#worker.onerror = ({ message }) => reject(new Error(message));
      this.#worker.postMessage(question);
    });
  }

  /** Ends the thread. */
  [Symbol.dispose](): void {
    this.#worker.terminate();
  }
}

/** In the thread: answers what is asked. */
export function answerQuestions<Question>(answer: (question: Question) => unknown): void {
  const scope = globalThis as unknown as ThreadScope;
  scope.onmessage = async ({ data }) => scope.postMessage(await answer(data as Question));
}
