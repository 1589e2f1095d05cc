/**
 * Share of what arrives that may be lost without the path being full: 5 %. With 2 %, which is where BBR
 * draws the line (draft-ietf-ccwg-bbr, LossThresh), 3 % of random loss left 8 % of a line at 10 ms in place
 * of 80 %; a queue too short to show lost up to 3.4 % in place of 2.7 %, and two flows shared it as before
 * (`tests/simnet`).
 */
const EARNED_PER_BYTE = 1 / 20;

/** Losses tolerated at once, in segments, and beyond that as a share of the window. */
const MIN_SEGMENTS = 4;
const WINDOW_SHARE = 1 / 40;

/** A queue delays every packet of a round by this, or by this share of the round-trip time, at least. */
const QUEUE_MS = 2;
const QUEUE_SHARE = 1 / 8;

/**
 * Tells losses of a bad line from those of a full queue: few losses, while no packet waits anywhere,
 * are of the line. The losses of a shallow queue that no delay announces soon exceed the budget.
 */
export class LossBudget {
  #leftBytes = 0;

  /** The connection begins; a loss in its first flights is no proof of anything. */
  begin(mssBytes: number): void {
    this.#leftBytes = MIN_SEGMENTS * mssBytes;
  }

  /** Data arrived. */
  arrived(bytes: number, o: { mssBytes: number; cwndBytes: number }): void {
    const most = MIN_SEGMENTS * o.mssBytes + o.cwndBytes * WINDOW_SHARE;
    this.#leftBytes = Math.min(this.#leftBytes + bytes * EARNED_PER_BYTE, most);
  }

  /** Whether a loss of so many bytes more is within the budget; the round-trip times are the least ever and the least of late. */
  tolerates(lostBytes: number, { minMs, recentMs }: { minMs: number; recentMs: number }): boolean {
    this.#leftBytes = Math.max(this.#leftBytes - lostBytes, -lostBytes);
    return this.#leftBytes >= 0 && recentMs - minMs < Math.max(QUEUE_MS, minMs * QUEUE_SHARE);
  }
}
