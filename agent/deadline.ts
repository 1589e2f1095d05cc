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
  // Not AbortSignal.any(), which takes twice as long: every connection that is dialled has a deadline.
  readonly #controller = new AbortController();
  readonly #parent: AbortSignal;
  readonly #timer: Timer;

  /** Starts the time. */
  constructor({ clock, timeoutMs, message, parent }: DeadlineOptions) {
    this.#parent = parent;
    this.#timer = clock.setTimer(() => this.#controller.abort(new Error(message)), timeoutMs);
    if (parent.aborted) this.#onParent();
    else parent.addEventListener("abort", this.#onParent);
  }

  /** Passed to what has to end in time. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  readonly #onParent = (): void => this.#controller.abort(this.#parent.reason);

  /** It happened in time: only the parent aborts from now on. */
  meet(): void {
    this.#timer.cancel();
  }

  [Symbol.dispose](): void {
    this.meet();
    this.#parent.removeEventListener("abort", this.#onParent);
  }
}
