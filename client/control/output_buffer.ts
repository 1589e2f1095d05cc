/** More than this, in UTF-16 units, is cut down to the second. Spec: client.md 3 (`/output`) */
const MAX_CHARS = 1024 * 1024;
const KEPT_CHARS = 512 * 1024;

/** The end of what a program has logged: whole lines, never more than 1 Mi characters. */
export class OutputBuffer {
  #text = "";

  /** All that is kept. */
  get text(): string {
    return this.#text;
  }

  /** Adds a line, given without its line feed. */
  addLine(line: string): void {
    this.#text += `${line}\n`;
    if (this.#text.length <= MAX_CHARS) return;
    const cut = this.#text.indexOf("\n", this.#text.length - KEPT_CHARS - 1);
    this.#text = this.#text.slice(cut + 1);
  }
}
