import type { Clock, Timer } from "../clock/mod.ts";

/** One timer for a deadline that mostly moves later: it then fires early once, and is set anew. */
export class Deadline {
  readonly #clock: Clock;
  readonly #nextMs: () => number;
  readonly #run: (nowMs: number) => void;
  #timer: Timer | undefined;
  #atMs = Infinity;

  /** `nextMs` says when `run` is due. */
  constructor(clock: Clock, options: { nextMs: () => number; run: (nowMs: number) => void }) {
    this.#clock = clock;
    this.#nextMs = options.nextMs;
    this.#run = options.run;
  }

  /** Sets the timer if the deadline lies before the one it is set for. */
  arm(): void {
    const atMs = this.#nextMs();
    if (atMs >= this.#atMs) return;
    this.#timer?.cancel();
    this.#atMs = atMs;
    this.#timer = this.#clock.setTimer(() => {
      this.#atMs = Infinity;
      this.#run(this.#clock.nowMs());
      this.arm();
    }, atMs - this.#clock.nowMs());
  }

  /** Cancels the timer. */
  stop(): void {
    this.#timer?.cancel();
    this.#atMs = Infinity;
  }
}
