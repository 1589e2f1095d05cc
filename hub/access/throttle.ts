import type { Clock } from "../../core/clock/mod.ts";

/** Sources remembered at a time; beyond that the one that failed longest ago is forgotten. */
const MAX_SOURCES = 4096;

/** How many failures are put up with. */
export interface FailureRate {
  /** So many at once. */
  readonly burst: number;
  /** After so many milliseconds one more. */
  readonly refillMs: number;
  /** Milliseconds for which nothing is looked at once the burst is used up. */
  readonly lockMs: number;
}

/** Options of {@linkcode Throttle}. */
export interface ThrottleOptions {
  /** Times locks. */
  readonly clock: Clock;
  /** For each source. */
  readonly perSource: FailureRate;
  /** For all sources together. Default: they are not limited. */
  readonly total?: FailureRate;
}

/** The failures of a source, or of all. */
class Bucket {
  readonly #rate: FailureRate;
  /** When all failures so far will have been forgiven. */
  #cleanMs = 0;
  #lockedUntilMs = 0;

  constructor(rate: FailureRate) {
    this.#rate = rate;
  }

  waitMs(nowMs: number): number {
    return Math.max(0, this.#lockedUntilMs - nowMs);
  }

  /** True if this failure has brought a lock. */
  fail(nowMs: number): boolean {
    const { burst, refillMs, lockMs } = this.#rate;
    this.#cleanMs = Math.max(this.#cleanMs, nowMs) + refillMs;
    const canFailAgain = this.#cleanMs - nowMs <= (burst - 1) * refillMs;
    if (canFailAgain) return false;
    this.#cleanMs = nowMs;
    this.#lockedUntilMs = nowMs + lockMs;
    return true;
  }
}

/**
 * Keeps secrets from being guessed: failures are counted for each source and for all together, and
 * too many of them lock the source, or all, for a time. What is tried during a lock is not to be
 * looked at and counts for nothing, so that one source cannot lock the others.
 */
export class Throttle {
  readonly #clock: Clock;
  readonly #perSource: FailureRate;
  readonly #total: Bucket | undefined;
  readonly #sources = new Map<string, Bucket>();
  #refused = 0;

  /** Starts with no failures. */
  constructor({ clock, perSource, total }: ThrottleOptions) {
    this.#clock = clock;
    this.#perSource = perSource;
    this.#total = total && new Bucket(total);
  }

  /** How often {@linkcode Throttle.waitMs} has told somebody to wait. */
  get refused(): number {
    return this.#refused;
  }

  /** Sources remembered now. */
  get sources(): number {
    return this.#sources.size;
  }

  /** Milliseconds until a source may try again; 0 if it may now. */
  waitMs(source: string): number {
    const nowMs = this.#clock.nowMs();
    const own = this.#sources.get(source)?.waitMs(nowMs) ?? 0;
    const waitMs = Math.max(own, this.#total?.waitMs(nowMs) ?? 0);
    if (waitMs > 0) this.#refused++;
    return waitMs;
  }

  /** Takes note of a failure; true if it has brought a lock. */
  fail(source: string): boolean {
    const nowMs = this.#clock.nowMs();
    const bucket = this.#sources.get(source) ?? new Bucket(this.#perSource);
    this.#sources.delete(source);
    if (this.#sources.size >= MAX_SOURCES) {
      for (const oldest of this.#sources.keys()) {
        this.#sources.delete(oldest);
        break;
      }
    }
    this.#sources.set(source, bucket);
    const isSourceLocked = bucket.fail(nowMs);
    return this.#total?.fail(nowMs) || isSourceLocked;
  }
}

/** The first 64 bits of an IPv6 address: who has one has all that begin so. */
function networkOf(address: string): string {
  const groups = (text: string) => text === "" ? [] : text.split(":");
  const [head = "", tail = ""] = address.split("::");
  const [first, last] = [groups(head), groups(tail)];
  const zeros = Array<string>(Math.max(0, 8 - first.length - last.length)).fill("0");
  const network = [...first, ...zeros, ...last].slice(0, 4);
  return `${network.map((group) => parseInt(group, 16).toString(16)).join(":")}::/64`;
}

/**
 * What of an address such as `192.0.2.7:4711` is throttled: the host, whatever the port; of IPv6 the
 * network, as whoever tries tokens there has more addresses than could be counted.
 */
export function sourceOf(remoteAddress: string): string {
  const host = /^(\d+\.\d+\.\d+\.\d+|\[.*\]):\d+$/.exec(remoteAddress)?.[1] ?? remoteAddress;
  const address = host.replace(/^\[(.*)\]$/, "$1").replace(/^::ffff:(?=.*\.)/i, "");
  return address.includes(":") ? networkOf(address) : address;
}
