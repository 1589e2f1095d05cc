import type { Clock } from "../../core/clock/mod.ts";
import type { Audit } from "../audit/mod.ts";
import type { Access, Caller } from "./access.ts";
import { type FailureRate, sourceOf, Throttle } from "./throttle.ts";

/** Wrong tokens of one address: a mistyped one now and then, and a program that tries for a while. */
const PER_SOURCE: FailureRate = { burst: 20, refillMs: 3000, lockMs: 60_000 };

/** Wrong tokens in all: what ten such addresses do at once. */
const IN_TOTAL: FailureRate = { burst: 200, refillMs: 100, lockMs: 10_000 };

/** A token as the hub makes them: 32 random bytes. Nobody finds one by trying. */
const GENERATED = /^[0-9a-f]{64}$/;

/** A caller, or one whose token is not looked at for a while. */
export type Identified = Caller | {
  readonly kind: "throttled";
  /** Until it may try again. */
  readonly waitMs: number;
};

/** Options of {@linkcode Authenticator}. */
export interface AuthenticatorOptions {
  /** Who may do what, as of now. */
  readonly access: () => Access;
  /** Gives the time. */
  readonly clock: Clock;
  /** Takes note of wrong tokens. */
  readonly audit: Audit;
}

/**
 * Finds out who shows a token, and slows down those who try tokens. A generated token is looked at
 * even while its source is locked: it cannot be guessed, and whoever shares an address with an
 * attacker, behind one proxy for instance, keeps working. A token that somebody made up is not.
 */
export class Authenticator {
  readonly #options: AuthenticatorOptions;
  readonly #throttle: Throttle;

  /** Starts with no failures. */
  constructor(options: AuthenticatorOptions) {
    this.#options = options;
    const { clock } = options;
    this.#throttle = new Throttle({ clock, perSource: PER_SOURCE, total: IN_TOTAL });
  }

  /** How many attempts have been turned away. */
  get throttled(): number {
    return this.#throttle.refused;
  }

  /**
   * How long a token from an address is not looked at, in milliseconds; 0 if it is. For what compares
   * tokens that are nobody's.
   */
  waitMs(token: string, remoteAddress: string): number {
    return GENERATED.test(token) ? 0 : this.#throttle.waitMs(sourceOf(remoteAddress));
  }

  /** Finds out who shows `token`, from an address as `192.0.2.7:4711`. */
  identify(token: string | undefined, remoteAddress: string): Identified {
    const { access, clock } = this.#options;
    const rules = access();
    const isSecret = rules.isEnabled && token !== undefined && token !== "";
    if (!isSecret) return rules.authenticate(token, clock.wallMs());
    const source = sourceOf(remoteAddress);
    const waitMs = this.#throttle.waitMs(source);
    if (waitMs > 0 && !GENERATED.test(token)) return { kind: "throttled", waitMs };
    const caller = rules.authenticate(token, clock.wallMs());
    if (caller.kind !== "anonymous") return caller;
    if (waitMs > 0) return { kind: "throttled", waitMs };
    this.#failed(caller, remoteAddress);
    return caller;
  }

  #failed(caller: Caller & { kind: "anonymous" }, remoteAddress: string): void {
    const { audit } = this.#options;
    const entry = { result: "refused", source: remoteAddress } as const;
    const { id: identity, reason } = caller;
    audit.record({ ...entry, event: "auth-failure", identity, reason });
    if (this.#throttle.fail(sourceOf(remoteAddress))) {
      audit.record({ ...entry, event: "denial", reason: "too many wrong tokens" });
    }
  }
}
