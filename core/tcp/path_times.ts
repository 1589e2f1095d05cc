/** The least is that of the last one to two of these: a path may become longer without a word. */
const PERIOD_MS = 150_000;

/** Round-trip times of the path that all connections of a stack take. */
export class PathTimes {
  #leastMs = Infinity;
  #lastLeastMs = Infinity;
  #periodEndMs = -Infinity;
  #resetMs = -Infinity;

  /** Least round-trip time of late in ms, that of a path without queues, or `Infinity`. */
  get leastMs(): number {
    return Math.min(this.#leastMs, this.#lastLeastMs);
  }

  /** A segment took this long there and back; one sent before the path changed tells nothing. */
  sample(rttMs: number, nowMs: number): void {
    if (nowMs - rttMs < this.#resetMs) return;
    if (nowMs >= this.#periodEndMs) {
      this.#lastLeastMs = this.#leastMs;
      this.#leastMs = Infinity;
      this.#periodEndMs = nowMs + PERIOD_MS;
    }
    if (rttMs < this.#leastMs) this.#leastMs = rttMs;
  }

  /** The path changed, and with it the times it takes. */
  reset(nowMs: number): void {
    this.#resetMs = nowMs;
    this.#leastMs = this.#lastLeastMs = Infinity;
  }
}
