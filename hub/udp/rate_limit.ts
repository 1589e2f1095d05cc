/** What a {@linkcode RateLimit} allows. */
export interface Rate {
  /** How many at once. */
  readonly burst: number;
  /** How many a second in the long run. */
  readonly perSecond: number;
}

/** A bucket of permissions that fills with time. */
export class RateLimit {
  readonly #rate: Rate;
  #left: number;
  #filledMs: number | undefined;

  /** Starts full. */
  constructor(rate: Rate) {
    this.#rate = rate;
    this.#left = rate.burst;
  }

  /** Takes one permission; false if there is none. `nowMs` must not go back. */
  take(nowMs: number): boolean {
    const { burst, perSecond } = this.#rate;
    const elapsedMs = nowMs - (this.#filledMs ?? nowMs);
    this.#left = Math.min(burst, this.#left + elapsedMs / 1000 * perSecond);
    this.#filledMs = nowMs;
    if (this.#left < 1) return false;
    this.#left--;
    return true;
  }
}

/** Sources that are remembered; what is older is forgotten first. */
const MAX_SOURCES = 4096;

/**
 * Limits what is done for strangers: each source has a rate, and so have all of them together. A
 * flood from more sources than are remembered meets the total.
 */
export class SourceLimits {
  readonly #perSource: Rate;
  readonly #total: RateLimit;
  readonly #sources = new Map<string, RateLimit>();

  /** Starts with nobody known. */
  constructor({ perSource, total }: { perSource: Rate; total: Rate }) {
    this.#perSource = perSource;
    this.#total = new RateLimit(total);
  }

  /** How many sources are remembered. */
  get size(): number {
    return this.#sources.size;
  }

  /** Takes a permission for a source; false if it, or all together, have none left. */
  take(source: string, nowMs: number): boolean {
    let limit = this.#sources.get(source);
    if (limit === undefined) {
      limit = new RateLimit(this.#perSource);
      if (this.#sources.size >= MAX_SOURCES) {
        const [oldest] = this.#sources.keys();
        this.#sources.delete(oldest!);
      }
    } else {
      this.#sources.delete(source);
    }
    this.#sources.set(source, limit);
    return limit.take(nowMs) && this.#total.take(nowMs);
  }
}
