/** Challenge acknowledgements per period. Spec: RFC 5961 §7 (default 10 in 5 s). */
const MAX_PER_PERIOD = 10;

const PERIOD_MS = 5000;

/**
 * Bounds the answers to segments that may be forged. Per connection, not per stack: a shared count
 * would tell an attacker on one connection about another (CVE-2016-5696).
 */
export class AckLimiter {
  #count = 0;
  #periodStartMs = -Infinity;

  /** Whether one more answer may be sent now. */
  allow(nowMs: number): boolean {
    if (nowMs - this.#periodStartMs >= PERIOD_MS) {
      this.#periodStartMs = nowMs;
      this.#count = 0;
    }
    return this.#count++ < MAX_PER_PERIOD;
  }
}
