import type { Random } from "../../core/bytes/mod.ts";
import { backoffDelayMs, type Clock, type Timer } from "../../core/clock/mod.ts";

/** Tries after the first: the last is half an hour later, beyond which somebody has to look. */
const MAX_RETRIES = 11;

/** Does something again that has failed, a bounded number of times, at growing intervals. */
export class Retry {
  readonly #clock: Clock;
  readonly #random: Random;
  #attempt = 0;
  #timer: Timer | undefined;
  #isStopped = false;

  /** Waits for nothing yet. */
  constructor({ clock, random }: { readonly clock: Clock; readonly random: Random }) {
    this.#clock = clock;
    this.#random = random;
  }

  /** Forgets earlier failures, and what was to be done again. */
  reset(): void {
    this.#timer?.cancel();
    this.#attempt = 0;
  }

  /** Forgets all, and does nothing any more. */
  stop(): void {
    this.#isStopped = true;
    this.reset();
  }

  /** Has something done later; the seconds until then, undefined if it has failed too often. */
  later(work: () => void): number | undefined {
    if (this.#isStopped || this.#attempt >= MAX_RETRIES) return undefined;
    const delayMs = backoffDelayMs({ attempt: this.#attempt++, random: this.#random });
    this.#timer?.cancel();
    this.#timer = this.#clock.setTimer(work, delayMs);
    return Math.round(delayMs / 1000);
  }
}
