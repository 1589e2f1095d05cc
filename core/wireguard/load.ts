import { encodeHex } from "../bytes/mod.ts";
import {
  LOAD_HOLD_MS,
  LOAD_MESSAGES_PER_SECOND,
  MAX_SOURCES,
  SOURCE_BURST,
  SOURCE_MESSAGES_PER_SECOND,
} from "./tuning.ts";

const WINDOW_MS = 1_000;

/** Tells from the rate of handshake messages whether this end is under load. Spec: WG 5.3. */
export class LoadMeter {
  #windowAtMs = -Infinity;
  #count = 0;
  #loadedUntilMs = -Infinity;

  /** Counts one handshake message and returns whether there is load, this message included. */
  note(nowMs: number): boolean {
    if (nowMs - this.#windowAtMs >= WINDOW_MS) {
      this.#windowAtMs = nowMs;
      this.#count = 0;
    }
    this.#count++;
    if (this.#count > LOAD_MESSAGES_PER_SECOND) this.#loadedUntilMs = nowMs + LOAD_HOLD_MS;
    return this.isLoaded(nowMs);
  }

  /** Whether there is load, as counted so far. */
  isLoaded(nowMs: number): boolean {
    return nowMs < this.#loadedUntilMs;
  }
}

/** An average rate with a burst, kept as the one time at which the whole burst is allowed again. */
function nextFullMs(fullAtMs: number, nowMs: number, rate: Rate): number | undefined {
  const intervalMs = 1_000 / rate.perSecond;
  const from = Math.max(fullAtMs, nowMs);
  return from - nowMs > (rate.burst - 1) * intervalMs ? undefined : from + intervalMs;
}

/** So many events a second on average, so many at once at most. */
export interface Rate {
  readonly perSecond: number;
  readonly burst: number;
}

/** Limits one kind of event to a rate. */
export class RateLimiter {
  readonly #rate: Rate;
  #fullAtMs = -Infinity;

  /** A limiter whose whole burst is allowed. */
  constructor(rate: Rate) {
    this.#rate = rate;
  }

  /** Whether one more event is within the rate; it is not counted. */
  wouldAllow(nowMs: number): boolean {
    return nextFullMs(this.#fullAtMs, nowMs, this.#rate) !== undefined;
  }

  /** Whether one more event is within the rate; if so it is counted. */
  allow(nowMs: number): boolean {
    const next = nextFullMs(this.#fullAtMs, nowMs, this.#rate);
    if (next !== undefined) this.#fullAtMs = next;
    return next !== undefined;
  }
}

const SOURCE_RATE: Rate = { perSecond: SOURCE_MESSAGES_PER_SECOND, burst: SOURCE_BURST };

/**
 * Limits handshake messages of each source address. Remembers at most `MAX_SOURCES` of them: when
 * the table is full and none of them is idle, a source not in it is refused.
 *
 * Spec: WG 5.3.
 */
export class SourceLimiter {
  readonly #fullAtMs = new Map<string, number>();

  /** Sources remembered now. */
  get size(): number {
    return this.#fullAtMs.size;
  }

  /** Whether one more message of the source is within its rate; if so it is counted. */
  allow(source: Uint8Array, nowMs: number): boolean {
    const key = encodeHex(source);
    const known = this.#fullAtMs.get(key);
    if (known === undefined && !this.#makeRoom(nowMs)) return false;
    const next = nextFullMs(known ?? -Infinity, nowMs, SOURCE_RATE);
    if (next !== undefined) this.#fullAtMs.set(key, next);
    return next !== undefined;
  }

  #makeRoom(nowMs: number): boolean {
    if (this.#fullAtMs.size < MAX_SOURCES) return true;
    for (const [key, fullAtMs] of this.#fullAtMs) {
      if (fullAtMs <= nowMs) this.#fullAtMs.delete(key);
    }
    return this.#fullAtMs.size < MAX_SOURCES;
  }
}
