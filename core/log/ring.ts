/** The last lines of a log, for operators who ask over the API. */
export class LogRing {
  readonly #capacity: number;
  #lines: string[] = [];

  /**
   * Makes an empty ring.
   *
   * @param capacity lines kept; the oldest are dropped. Spec: agent.md 7, hub-api.md 1.6
   */
  constructor(capacity: number = 1000) {
    this.#capacity = capacity;
  }

  /** Adds a finished line, whose length {@linkcode import("./log.ts").createLog} has bounded. */
  push(line: string): void {
    this.#lines.push(line);
    if (this.#lines.length > 2 * this.#capacity) this.#lines = this.#lines.slice(-this.#capacity);
  }

  /** The last `count` lines held (at most the capacity), oldest first. */
  tail(count: number): string[] {
    return count <= 0 ? [] : this.#lines.slice(-Math.min(count, this.#capacity));
  }
}
