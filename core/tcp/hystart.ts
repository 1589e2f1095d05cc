/** Measurements that make the least round-trip time of a round worth believing. */
const MIN_SAMPLES = 8;

/** Bounds of the increase that means a queue. Spec: RFC 9406 §4.3. */
const MIN_INCREASE_MS = 4;
const MAX_INCREASE_MS = 16;
const INCREASE_DIVISOR = 8;

/** How much slower the window grows in conservative slow start, and for how many rounds. */
const GROWTH_DIVISOR = 4;
const CONSERVATIVE_ROUNDS = 5;

/**
 * Leaves slow start when the round-trip time begins to grow, before the queue overflows.
 *
 * Spec: RFC 9406 §4.2. Deviation: growth is not limited to 8 segments for an acknowledgement, as peers
 * acknowledge a whole batch at once.
 */
export class HyStart {
  /** Share of what is acknowledged by which the window grows: 1, or a quarter to be careful. */
  growth = 1;
  #lastMinMs = Infinity;
  #minMs = Infinity;
  #samples = 0;
  #baselineMs = Infinity;
  #rounds = 0;

  /** Least round-trip time of this round, and of the last while this one has few; or `Infinity`. */
  get recentMinMs(): number {
    return this.#samples < MIN_SAMPLES ? Math.min(this.#minMs, this.#lastMinMs) : this.#minMs;
  }

  /** A measurement. */
  sample(rttMs: number): void {
    if (rttMs < this.#minMs) this.#minMs = rttMs;
    this.#samples++;
    if (this.#samples < MIN_SAMPLES) return;
    if (this.growth === 1) {
      const share = this.#lastMinMs / INCREASE_DIVISOR;
      const increaseMs = Math.max(MIN_INCREASE_MS, Math.min(share, MAX_INCREASE_MS));
      if (this.#lastMinMs === Infinity || this.#minMs < this.#lastMinMs + increaseMs) return;
      this.#baselineMs = this.#minMs;
      this.growth = 1 / GROWTH_DIVISOR;
      this.#rounds = 0;
    } else if (this.#minMs < this.#baselineMs) {
      // The increase did not last: it was jitter.
      this.#baselineMs = Infinity;
      this.growth = 1;
    }
  }

  /** A round begins; true once slow start is over. */
  roundStarted(): boolean {
    this.#lastMinMs = this.#minMs;
    this.#minMs = Infinity;
    this.#samples = 0;
    return this.growth < 1 && ++this.#rounds > CONSERVATIVE_ROUNDS;
  }

  /** Slow start begins anew. */
  restart(): void {
    this.growth = 1;
    this.#baselineMs = Infinity;
    this.#rounds = 0;
  }
}
