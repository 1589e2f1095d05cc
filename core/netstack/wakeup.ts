import type { Clock, Timer } from "../clock/mod.ts";

/**
 * Deadlines that are farther off than the first are met up to the second later, in ms, so that one
 * wakeup serves many: of short connections each would have two of its own.
 */
const COARSE_FROM_MS = 40;
const SLACK_MS = 10;

/**
 * One timer for all deadlines. Where the earliest moves later the timer stays armed: it then fires
 * early once, which is cheaper than arming it for every segment.
 */
export class Wakeup {
  readonly #clock: Clock;
  readonly #callback: (nowMs: number) => void;
  #timer: Timer | undefined;
  #armedMs = Infinity;

  /** `callback` is run at the deadline that was armed last; it arms the next. */
  constructor(clock: Clock, callback: (nowMs: number) => void) {
    this.#clock = clock;
    this.#callback = callback;
  }

  /** Sets the timer if the deadline lies before the one it is set for. */
  arm(deadlineMs: number): void {
    if (deadlineMs >= this.#armedMs) return;
    this.#timer?.cancel();
    const nowMs = this.#clock.nowMs();
    const isFar = deadlineMs - nowMs >= COARSE_FROM_MS;
    const atMs = isFar ? Math.ceil(deadlineMs / SLACK_MS) * SLACK_MS : deadlineMs;
    this.#armedMs = atMs;
    // Whole milliseconds, rounded up: a timer that runs a fraction early would run for nothing.
    const delayMs = Math.ceil(Math.max(atMs - nowMs, 0));
    this.#timer = this.#clock.setTimer(() => {
      this.#armedMs = Infinity;
      this.#callback(this.#clock.nowMs());
    }, delayMs);
  }

  /** Cancels the timer for good. */
  stop(): void {
    this.#timer?.cancel();
    this.#armedMs = -Infinity;
  }
}
