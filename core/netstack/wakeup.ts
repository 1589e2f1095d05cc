import type { Clock, Timer } from "../clock/mod.ts";

/**
 * One timer for all deadlines. Deadlines that move later leave it armed: it then fires early once, and
 * is armed anew, which is cheaper than arming it for every segment.
 */
export class Wakeup {
  readonly #clock: Clock;
  readonly #callback: (nowMs: number) => void;
  #timer: Timer | undefined;
  #armedMs = Infinity;
  #wantedMs = Infinity;

  /** `callback` is run at the earliest deadline, and must name all later ones again. */
  constructor(clock: Clock, callback: (nowMs: number) => void) {
    this.#clock = clock;
    this.#callback = callback;
  }

  /** Names a deadline. */
  atLatest(deadlineMs: number): void {
    if (deadlineMs < this.#wantedMs) this.#wantedMs = deadlineMs;
  }

  /** Sets the timer if a deadline was named that lies before the one it is set for. */
  arm(): void {
    if (this.#wantedMs >= this.#armedMs) return;
    this.#timer?.cancel();
    this.#armedMs = this.#wantedMs;
    // Whole milliseconds, rounded up: a timer that runs a fraction early would run for nothing.
    const delayMs = Math.ceil(Math.max(this.#armedMs - this.#clock.nowMs(), 0));
    this.#timer = this.#clock.setTimer(() => {
      this.#armedMs = this.#wantedMs = Infinity;
      this.#callback(this.#clock.nowMs());
    }, delayMs);
  }

  /** Cancels the timer for good. */
  stop(): void {
    this.#timer?.cancel();
    this.#armedMs = -Infinity;
  }
}
