import type { CongestionControl } from "./congestion.ts";
import type { PathTimes } from "./path_times.ts";

/**
 * Least round-trip time of a path whose segments are spaced, in ms: timers keep whole milliseconds, and
 * what one of them lets go at once must be little of a window.
 */
const LEAST_PATH_MS = 8;

/** What a wakeup that comes late makes up for, in ms. */
const MAX_CREDIT_MS = 2;

/** In slow start the window doubles in a round trip, and what goes in it has to. */
const STARTING_GAIN = 2;

/** Else a little more than a window in a round trip, so that the window stays what limits. */
const GAIN = 1.25;

/** What the pace follows from. */
export interface PaceView {
  /** How much may be in flight. */
  readonly congestion: CongestionControl;
  /** Round-trip times of the path. */
  readonly path: PathTimes;
}

/**
 * Spreads a window over the round trip. Sent in bursts, as acknowledgements come, most of it would be
 * lost in a queue that is far shorter than the window. The least round-trip time is what counts: where
 * a queue makes it longer there is room for bursts, and a path that stood still must not be slow after.
 *
 * Spec: RFC 9002 §7.7, by the least in place of the smoothed round-trip time.
 */
export class Pacer {
  /** When what had to wait may go, or `Infinity`. */
  dueMs = Infinity;
  #freeAtMs = -Infinity;

  /** Whether the next segment has to wait; sets {@linkcode Pacer.dueMs} if so. */
  waits(nowMs: number): boolean {
    if (this.#freeAtMs <= nowMs) return false;
    this.dueMs = this.#freeAtMs;
    return true;
  }

  /** The path changed: what was sent has gone another way. */
  pathChanged(): void {
    this.#freeAtMs = -Infinity;
  }

  /** A segment of `bytes` was sent. */
  sent(bytes: number, { congestion, path: { leastMs } }: PaceView, nowMs: number): void {
    const { cwndBytes, ssthreshBytes } = congestion;
    // A SYN goes before there is a window.
    if (leastMs < LEAST_PATH_MS || leastMs === Infinity || cwndBytes === 0) {
      this.#freeAtMs = -Infinity;
      return;
    }
    const gain = cwndBytes < ssthreshBytes ? STARTING_GAIN : GAIN;
    const startMs = Math.max(this.#freeAtMs, nowMs - MAX_CREDIT_MS);
    this.#freeAtMs = startMs + bytes * leastMs / (gain * cwndBytes);
  }
}
