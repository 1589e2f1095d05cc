import type { Clock, Timer } from "../clock/mod.ts";

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
    this.#armedMs = deadlineMs;
    // Whole milliseconds, rounded up: a timer that runs a fraction early would run for nothing.
    const delayMs = Math.ceil(Math.max(deadlineMs - this.#clock.nowMs(), 0));
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
