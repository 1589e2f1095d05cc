/** Before the first measurement. Spec: RFC 6298 (2.1). */
const INITIAL_RTO_MS = 1000;

/**
 * Lower bound. Deviation from RFC 6298 (2.4), which asks for 1 s: every stack in use has 200 ms, still
 * well above the delayed acknowledgements of the peers (40 ms).
 */
const MIN_RTO_MS = 200;

/** Upper bound. Spec: RFC 6298 (2.5). */
const MAX_RTO_MS = 60_000;

/** Backing-off kept at most after progress, as a factor: the path may really have become slower. */
const MAX_KEPT_BACKOFF = 4;

/** Clock granularity G: the coarsest timer in use. */
const GRANULARITY_MS = 1;

/** Round-trip estimator and retransmission timeout. Spec: RFC 6298. */
export class RttEstimator {
  /** Smoothed round-trip time, or -1 before the first measurement. */
  srttMs = -1;
  /** Mean deviation of the round-trip time. */
  rttvarMs = 0;
  /** Timeout after which to retransmit, backed off, 200 to 60,000 ms. */
  rtoMs = INITIAL_RTO_MS;

  /** Takes a measurement that is not of a retransmitted segment. Spec: RFC 6298 (2.2), (2.3), (3). */
  sample(rttMs: number): void {
    if (this.srttMs < 0) {
      this.srttMs = rttMs;
      this.rttvarMs = rttMs / 2;
    } else {
      this.rttvarMs = 0.75 * this.rttvarMs + 0.25 * Math.abs(this.srttMs - rttMs);
      this.srttMs = 0.875 * this.srttMs + 0.125 * rttMs;
    }
    this.rtoMs = this.#computed();
  }

  /**
   * Data that was sent more than once has been acknowledged, `sinceFirstMs` after it was sent first:
   * no measurement (Karn), but an upper bound of the round-trip time, so that the timeout need not
   * stay as backed off as it is until there is one. With one segment in flight and many losses there
   * may be none for minutes, and those losses would add up in the bound: hence its limit.
   *
   * Deviation: RFC 6298 §5 keeps the backed-off value; Linux drops it altogether.
   */
  progress(sinceFirstMs: number): void {
    const computedMs = this.#computed();
    const boundMs = Math.min(sinceFirstMs, MAX_KEPT_BACKOFF * computedMs);
    this.rtoMs = Math.min(this.rtoMs, Math.max(computedMs, boundMs));
  }

  #computed(): number {
    if (this.srttMs < 0) return INITIAL_RTO_MS;
    const rtoMs = this.srttMs + Math.max(GRANULARITY_MS, 4 * this.rttvarMs);
    return Math.min(Math.max(rtoMs, MIN_RTO_MS), MAX_RTO_MS);
  }

  /** What made the timeout back off is over. */
  resetBackOff(): void {
    this.rtoMs = this.#computed();
  }

  /** Doubles the timeout after it ran out. Spec: RFC 6298 (5.5). */
  backOff(): void {
    this.rtoMs = Math.min(2 * this.rtoMs, MAX_RTO_MS);
  }

  /** Starts data transfer after a lost SYN. Spec: RFC 6298 (5.7). */
  afterLostSyn(): void {
    if (this.srttMs < 0) this.rtoMs = 3000;
  }
}
