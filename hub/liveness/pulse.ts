/** How often pulses are to be swept: as fine as silence is measured. */
export const SWEEP_MS = 500;

/** Pings that follow each other so closely make a brisk peer: ours ping every 4 s. */
const BRISK_GAP_MS = 6000;

/** Brisk pings in a row after which a peer is taken at its word. */
const BRISK_PINGS = 3;

/**
 * Silence after which a brisk peer is lost: two pings have not come, and some. Silence is noted up
 * to a sweep late and judged up to a sweep late, so that it has lasted 10 s at most.
 */
const BRISK_SILENCE_MS = 9000;

/** Reference peers ping every 20 s. Spec: wire.md 1.3 */
const STEADY_GAP_MS = 30_000;

/** Signs of a regular peer after which it may be missed. */
const STEADY_SIGNS = 2;

/** Silence after which a regular peer is lost, above the 45 s of the reference. Spec: wire.md 1.3 */
const STEADY_SILENCE_MS = 50_000;

/**
 * Whether a peer still lives, judged by what it has been used to do: one that pings briskly is
 * missed soon, one that pings or answers at all within a minute, and one that never did, never.
 */
export class Pulse {
  /** When we last pinged it, for whoever does; at first when it was taken up. */
  pingedMs: number;
  #isHeard = false;
  #heardMs: number;
  #pingMs = -Infinity;
  #brisk = 0;
  #steady = 0;

  /** Starts with a peer heard just now. */
  constructor(nowMs: number) {
    this.#heardMs = nowMs;
    this.pingedMs = nowMs;
  }

  /** Something arrived; for every read, so it only takes note. */
  heard(): void {
    this.#isHeard = true;
  }

  /** A ping arrived. */
  ping(nowMs: number): void {
    const gapMs = nowMs - this.#pingMs;
    this.#pingMs = nowMs;
    if (gapMs <= BRISK_GAP_MS) this.#brisk++;
    if (gapMs <= STEADY_GAP_MS) this.#steady++;
  }

  /** A ping of ours was answered. */
  pong(): void {
    this.#steady++;
  }

  /** To be called every {@linkcode SWEEP_MS}: dates what was heard, and gives the silence since. */
  sweep(nowMs: number): number {
    if (this.#isHeard) {
      this.#isHeard = false;
      // Busy peers need not ping, but one that pauses is not brisk after all.
      if (nowMs - this.#heardMs > BRISK_GAP_MS + SWEEP_MS) this.#brisk = 0;
      this.#heardMs = nowMs;
    }
    return nowMs - this.#heardMs;
  }

  /** Whether a peer that has been silent for so long is lost. */
  isLost(silentMs: number): boolean {
    if (this.#brisk >= BRISK_PINGS && silentMs >= BRISK_SILENCE_MS) return true;
    return this.#steady >= STEADY_SIGNS && silentMs >= STEADY_SILENCE_MS;
  }

  /** We did not listen until now, so that the silence says nothing. */
  forgive(nowMs: number): void {
    this.#heardMs = nowMs;
  }
}
