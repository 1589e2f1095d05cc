import type { Clock, Timer } from "../../core/clock/mod.ts";
import type { Log } from "../../core/log/mod.ts";
import { sourceOf } from "./throttle.ts";

/** Refusals alike that come in this time after the first are told in one line. */
const WINDOW_MS = 60_000;

/** Sources and kinds kept apart in a window; the rest are told together, by kind. */
const MAX_KEPT_APART = 256;

/** A refusal, or something else that a stranger can cause any number of, for the log. */
export interface Refused {
  /** What it is; not of the peer's choice. */
  readonly what: string;
  /** What else there is to say; never a secret. */
  readonly detail: string;
  /** Of the peer, as `192.0.2.7:4711`. */
  readonly remoteAddress: string;
}

interface Repeated {
  readonly what: string;
  readonly from: string;
  times: number;
}

/**
 * Keeps strangers from filling the log, and from pushing out what matters of the lines that
 * administrators are shown: of one kind of refusal, each source gets one line a minute, and one more
 * that says how many there were.
 */
export class RefusalLog {
  readonly #log: Log;
  readonly #clock: Clock;
  readonly #repeated = new Map<string, Repeated>();
  #timer: Timer | undefined;

  /** Writes to `log`. */
  constructor(log: Log, clock: Clock) {
    this.#log = log;
    this.#clock = clock;
  }

  /** Writes a line, or counts it. */
  note({ what, detail, remoteAddress }: Refused): void {
    const { key, from } = this.#keyOf(what, sourceOf(remoteAddress));
    const known = this.#repeated.get(key);
    if (known !== undefined) {
      known.times++;
      return;
    }
    this.#repeated.set(key, { what, from, times: 0 });
    this.#timer ??= this.#clock.setTimer(() => this.flush(), WINDOW_MS);
    this.#log(`${what}: ${detail} from ${remoteAddress}`);
  }

  /** Ends the minute: tells what came more than once. */
  flush(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    const repeated = [...this.#repeated.values()];
    this.#repeated.clear();
    for (const { what, from, times } of repeated) {
      if (times > 0) this.#log(`${what}: ${times} more from ${from} within a minute`);
    }
  }

  #keyOf(what: string, source: string): { key: string; from: string } {
    const key = `${what}\n${source}`;
    const isRoom = this.#repeated.size < MAX_KEPT_APART || this.#repeated.has(key);
    return isRoom ? { key, from: source } : { key: what, from: "other addresses" };
  }
}
