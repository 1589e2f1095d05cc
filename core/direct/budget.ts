/** Options of {@linkcode Budget}. */
export interface BudgetOptions {
  /** Most that can be spent at once; there from the beginning. */
  burst: number;
  /** What is regained each second, up to the burst. */
  perSecond: number;
}

/** A token bucket, without I/O. */
export class Budget {
  readonly #options: BudgetOptions;
  #tokens: number;
  #atMs = -Infinity;

  /** Makes a full one. */
  constructor(options: BudgetOptions) {
    this.#options = options;
    this.#tokens = options.burst;
  }

  /** Spends one if there is one; false if not. */
  take(nowMs: number): boolean {
    const { burst, perSecond } = this.#options;
    this.#tokens = Math.min(burst, this.#tokens + (nowMs - this.#atMs) * perSecond / 1000);
    this.#atMs = nowMs;
    if (this.#tokens < 1) return false;
    this.#tokens--;
    return true;
  }
}
