import type { Io } from "./io.ts";

/** Longest answer; a person types less, and a stream may never end. */
const MAX_ANSWER_CHARS = 4096;

const INTERRUPT = "\x03";
const END_OF_INPUT = "\x04";
const ERASE = ["\x7f", "\b"];

/** What {@linkcode Prompt.ask} asks. */
export interface Question {
  /** Shown at a terminal, before the answer. */
  text: string;
  /** Whether the answer is not shown while it is typed. Default: false. */
  secret?: boolean;
}

/** Reads lines that a person types or a script sends, one after the other. */
export class Prompt implements Disposable {
  readonly #io: Io;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #decoder = new TextDecoder();
  #pending = "";
  #ended = false;

  /** Locks the standard input until it is disposed of. */
  constructor(io: Io) {
    this.#io = io;
    this.#reader = io.stdin.getReader();
  }

  /**
   * The next line, without its end; "" at the end of the input.
   *
   * @throws {Error} on Ctrl-C, or if the line is longer than 4,096 characters
   */
  async ask({ text, secret = false }: Question): Promise<string> {
    const { stdin, stderr } = this.#io.isTerminal;
    const hide = secret && stdin;
    if (stdin && stderr) this.#io.stderr(text);
    if (hide) this.#io.hideInput(true);
    try {
      return await this.#line();
    } finally {
      if (hide) {
        this.#io.hideInput(false);
        this.#io.stderr("\n");
      }
    }
  }

  async #line(): Promise<string> {
    let line = "";
    for (;;) {
      for (const [index, char] of [...this.#pending].entries()) {
        if (char === INTERRUPT) throw new Error("Interrupted: nothing was changed");
        if (char === "\n" || char === "\r" || char === END_OF_INPUT) {
          const rest = [...this.#pending].slice(index + 1).join("");
          this.#pending = char === "\r" && rest.startsWith("\n") ? rest.slice(1) : rest;
          return line;
        }
        line = ERASE.includes(char) ? line.slice(0, -1) : line + char;
        if (line.length > MAX_ANSWER_CHARS) {
          throw new Error(`Answer too long: at most ${MAX_ANSWER_CHARS} characters`);
        }
      }
      this.#pending = "";
      if (this.#ended) return line;
      const { value, done } = await this.#reader.read();
      this.#ended = done;
      this.#pending = done ? "" : this.#decoder.decode(value, { stream: true });
    }
  }

  /** Lets go of the standard input. */
  [Symbol.dispose](): void {
    this.#reader.releaseLock();
  }
}
