import type { Clock, Timer } from "../core/clock/mod.ts";

/** Options of {@linkcode Deadline}. */
export interface DeadlineOptions {
  /** Times it. */
  clock: Clock;
  /** Time given, in milliseconds. */
  timeoutMs: number;
  /** What has not happened by then, as the reason of the abort. */
  message: string;
  /** Aborts what is waited for also when this is aborted. */
  parent: AbortSignal;
}

/** A signal that is aborted with its parent, or when the time is up. Dispose of it when done. */
export class Deadline implements Disposable {
  /** Passed to what has to end in time. */
  readonly signal: AbortSignal;
  readonly #timer: Timer;

  /** Starts the time. */
  constructor({ clock, timeoutMs, message, parent }: DeadlineOptions) {
    const timeout = new AbortController();
    this.signal = AbortSignal.any([parent, timeout.signal]);
    this.#timer = clock.setTimer(() => timeout.abort(new Error(message)), timeoutMs);
  }

  /** It happened in time: only the parent aborts from now on. */
  meet(): void {
    this.#timer.cancel();
  }

  [Symbol.dispose](): void {
    this.meet();
  }
}
