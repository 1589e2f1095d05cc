import type { Random } from "../../core/bytes/mod.ts";
import type { Clock } from "../../core/clock/mod.ts";
import { type AccessStore, type FailureRate, redeem, sourceOf, Throttle } from "../access/mod.ts";
import type { Audit } from "../audit/mod.ts";
import { newToken } from "../config/mod.ts";
import { newCode, readCode } from "./code.ts";
import type { CodeStore, OpenCode, Promised } from "./code_store.ts";

/** Wrong codes of one address: a few slips, then a pause longer than anybody likes to wait. */
const PER_SOURCE: FailureRate = { burst: 10, refillMs: 60_000, lockMs: 900_000 };

/**
 * Wrong codes in all: 60 a minute at most. In the longest life of a code, 7 days, that is 600,000 of
 * 2^40, and with all {@linkcode CodeStore} holds a chance of 1 in 1,800 to find any.
 */
const IN_TOTAL: FailureRate = { burst: 60, refillMs: 1000, lockMs: 60_000 };

/** Options of {@linkcode Pairing}. */
export interface PairingOptions {
  /** The codes. */
  readonly codes: CodeStore;
  /** Who may do what. */
  readonly store: AccessStore;
  /** Gives the time. */
  readonly clock: Clock;
  /** Makes codes and tokens. */
  readonly random: Random;
  /** Takes note of codes made and redeemed. */
  readonly audit: Audit;
}

/** What came of redeeming a code. */
export type PairResult =
  | {
    readonly kind: "paired";
    /** The raw token; a secret. */
    readonly token: string;
    /** Id of the new identity. */
    readonly identity: string;
    readonly promised: Promised;
  }
  | { readonly kind: "refused" }
  | { readonly kind: "throttled"; readonly waitMs: number };

/** Codes that stand for a token not yet made. Spec: hub-api.md 3 */
export class Pairing {
  readonly #options: PairingOptions;
  readonly #throttle: Throttle;

  /** Starts with no failures. */
  constructor(options: PairingOptions) {
    this.#options = options;
    const { clock } = options;
    this.#throttle = new Throttle({ clock, perSource: PER_SOURCE, total: IN_TOTAL });
  }

  /** How many attempts have been turned away. */
  get throttled(): number {
    return this.#throttle.refused;
  }

  /** Makes a code that may be redeemed once until `expiresAtMs`; undefined if there are too many. */
  create(
    promised: Promised,
    { expiresAtMs }: { readonly expiresAtMs: number },
  ): string | undefined {
    const { codes, random, clock } = this.#options;
    const code = newCode(random);
    return codes.add(code, { promised, expiresAtMs, wallMs: clock.wallMs() }) ? code : undefined;
  }

  /** The codes that have been made and neither redeemed nor withdrawn, nor have expired. */
  list(): OpenCode[] {
    return this.#options.codes.list(this.#options.clock.wallMs());
  }

  /** Withdraws a code by the id that {@linkcode Pairing.list} gives; what it was worth, if it was. */
  withdraw(id: string): Promised | undefined {
    return this.#options.codes.remove(id, this.#options.clock.wallMs());
  }

  /**
   * Gives a token for a code. The code is used up before the token is in effect, so that two who
   * redeem it at once do not both get one; if the token cannot be written, it is as before.
   *
   * @param machine that a `register` code must be for; undefined if any will do
   * @param remoteAddress as `192.0.2.7:4711`
   * @throws ConfigError if the token cannot be written
   */
  async redeem(text: string, { machine, remoteAddress }: {
    readonly machine: string | undefined;
    readonly remoteAddress: string;
  }): Promise<PairResult> {
    const { codes, store, clock, random, audit } = this.#options;
    const waitMs = this.#throttle.waitMs(sourceOf(remoteAddress));
    if (waitMs > 0) return { kind: "throttled", waitMs };
    const wallMs = clock.wallMs();
    const code = readCode(text);
    const accepts = (promised: Promised) =>
      (promised.type === "connect" || machine === undefined || promised.machines[0] === machine) &&
      this.#isStillGood(promised);
    const taken = code === undefined ? undefined : codes.take(code, { wallMs, accepts });
    if (taken === undefined) return this.#failed(remoteAddress, machine);
    const { promised } = taken;
    const token = newToken(random);
    try {
      const outcome = await store.change((state) => redeem(state, { ...promised, token, wallMs }));
      if (!outcome.done) throw new Error(outcome.refusal.message);
      const identity = outcome.value.id;
      const machines = promised.machines.join(",");
      audit.record({ event: "pair", identity, machine: machines, source: remoteAddress });
      return { kind: "paired", token, identity, promised };
    } catch (error) {
      taken.putBack();
      throw error;
    }
  }

  /** A code is worth what its maker may give now: it must not outlive the token it was made with. */
  #isStillGood({ by, role }: Promised): boolean {
    const { store, clock } = this.#options;
    const { access } = store;
    const maker = access.authenticateDigest(by, clock.wallMs());
    if (maker.kind !== "identity" || !access.canAdminister(maker)) return false;
    return role !== "owner" || maker.role === "owner";
  }

  #failed(remoteAddress: string, machine: string | undefined): PairResult {
    const { audit } = this.#options;
    const entry = { result: "refused", source: remoteAddress, machine } as const;
    audit.record({ ...entry, event: "auth-failure", reason: "wrong pairing code" });
    if (this.#throttle.fail(sourceOf(remoteAddress))) {
      audit.record({ ...entry, event: "denial", reason: "too many wrong pairing codes" });
    }
    return { kind: "refused" };
  }
}
