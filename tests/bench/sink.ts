/** What a connection says before its data: who it is, 32 bits. */
export const HEAD_BYTES = 4;

/** A target that reads all it is sent, in a thread of its own. */
export class Sink implements Disposable {
  readonly #worker = new Worker(new URL("./sink_worker.ts", import.meta.url), { type: "module" });
  /** Its port. */
  readonly port: Promise<number> = this.#next<number>();

  /** Bytes that have arrived, by what the connections said they were. */
  received(): Promise<number[]> {
    const answer = this.#next<number[]>();
    this.#worker.postMessage("how much?");
    return answer;
  }

  #next<T>(): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#worker.onmessage = ({ data }) => resolve(data);
      this.#worker.onerror = ({ message }) => reject(new Error(message));
    });
  }

  /** Ends the thread. */
  [Symbol.dispose](): void {
    this.#worker.terminate();
  }
}
