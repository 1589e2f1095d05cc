import type { Clock, Timer } from "../clock/mod.ts";

/** What is alike and comes in this time after the first is told in one line, in ms. */
const WINDOW_MS = 60_000;

/** Lines that are kept apart in a window; beyond that all of a kind are told together. */
const MAX_KEPT_APART = 256;

/** Something that may come by the thousand, for the log. */
export interface Repeatable {
  /** What it is; not of a peer's choice. */
  readonly what: string;
  /** What else there is to say of this one; never a secret. */
  readonly detail: string;
  /** Which of what it is, as `from 192.0.2.7`: each has lines of its own. Default: all are alike. */
  readonly which?: string;
}

/** Options of {@linkcode RepeatLog}. */
export interface RepeatLogOptions {
  /** Tells when a window ends. */
  readonly clock: Clock;
  /** How long what is alike is counted, in ms. Default: a minute. */
  readonly windowMs?: number;
}

interface Repeated {
  readonly what: string;
  readonly which: string;
  times: number;
}

/**
 * Keeps what may come by the thousand, such as refusals or connections that fail, from filling a log
 * and pushing out what matters: of those that are alike the first is written, and at the end of the
 * window how many more there were.
 */
export class RepeatLog {
  readonly #log: (text: string) => void;
  readonly #clock: Clock;
  readonly #windowMs: number;
  readonly #repeated = new Map<string, Repeated>();
  #timer: Timer | undefined;

  /** Writes to `log`. */
  constructor(log: (text: string) => void, { clock, windowMs = WINDOW_MS }: RepeatLogOptions) {
    this.#log = log;
    this.#clock = clock;
    this.#windowMs = windowMs;
  }

  /** Writes a line, or counts it. */
  note({ what, detail, which = "" }: Repeatable): void {
    const { key, shown } = this.#keyOf(what, which);
    const known = this.#repeated.get(key);
    if (known !== undefined) {
      known.times++;
      return;
    }
    this.#repeated.set(key, { what, which: shown, times: 0 });
    this.#timer ??= this.#clock.setTimer(() => this.flush(), this.#windowMs);
    this.#log(`${what}: ${detail}`);
  }

  /** Ends the window: tells what came more than once. To be called when nothing more will come. */
  flush(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    const repeated = [...this.#repeated.values()];
    this.#repeated.clear();
    const within = `within ${this.#windowMs / 1000} s`;
    for (const { what, which, times } of repeated) {
      if (times > 0) this.#log([`${what}: ${times} more`, which, within].filter(Boolean).join(" "));
    }
  }

  #keyOf(what: string, which: string): { key: string; shown: string } {
    const key = `${what}\n${which}`;
    const isRoom = this.#repeated.size < MAX_KEPT_APART || this.#repeated.has(key);
    return isRoom ? { key, shown: which } : { key: what, shown: "of others" };
  }
}
