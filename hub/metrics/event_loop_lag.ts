import type { Clock, Timer } from "../../core/clock/mod.ts";
import type { Sample } from "./exposition.ts";
import { Histogram } from "./histogram.ts";

/** How often a timer is set whose lateness is measured, in milliseconds. */
const SAMPLE_MS = 500;

/** Upper bounds in seconds: a relay is well below 10 ms, peers notice 1 s. */
const BOUNDS_SECONDS = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];

/** Measures by how much timers are late, which is how long something else has held the thread. */
export class EventLoopLag {
  readonly #clock: Clock;
  readonly #histogram = new Histogram(BOUNDS_SECONDS);
  #timer: Timer;

  /** Starts measuring. */
  constructor(clock: Clock) {
    this.#clock = clock;
    this.#timer = this.#setTimer();
  }

  /** What was measured, in seconds. */
  samples(): Sample[] {
    return this.#histogram.samples();
  }

  /** Stops measuring. */
  stop(): void {
    this.#timer.cancel();
  }

  #setTimer(): Timer {
    const dueMs = this.#clock.nowMs() + SAMPLE_MS;
    return this.#clock.setTimer(() => {
      this.#histogram.observe(Math.max(0, this.#clock.nowMs() - dueMs) / 1000);
      this.#timer = this.#setTimer();
    }, SAMPLE_MS);
  }
}
