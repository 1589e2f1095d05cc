import type { Random } from "../bytes/mod.ts";
import type { Endpoint } from "../endpoint/mod.ts";
import { judgeNat, type NatMapping, StunClient, type StunClientDrop } from "../stun/mod.ts";
import { STUN_FRESH_MS } from "./tuning.ts";

/** Options of {@linkcode Gathering}. */
export interface GatheringOptions {
  /** Who is asked. */
  servers: readonly Endpoint[];
  /** Chooses the transactions. */
  random: Random;
  /** Sends a request from the socket of the direct path. */
  send: (bytes: Uint8Array<ArrayBuffer>, to: Endpoint) => void;
}

/** Knows how others see our socket, and asks again when that may have changed. */
export class Gathering {
  readonly #options: GatheringOptions;
  #client: StunClient | undefined;
  #askedMs = -Infinity;
  #mapped: readonly Endpoint[] = [];

  /** Makes one that has asked nobody yet. */
  constructor(options: GatheringOptions) {
    this.#options = options;
  }

  /** Our endpoints as servers see them, each once; of the last question that was answered. */
  get mapped(): readonly Endpoint[] {
    return this.#mapped;
  }

  /** What the answers so far say about the NAT in between. */
  nat(local: readonly Endpoint[]): NatMapping {
    return judgeNat(this.#client?.results ?? [], local);
  }

  /** Asks the servers of the families that `local` has. `fresh`: even if answers are recent. */
  ask(local: readonly Endpoint[], { nowMs, fresh }: { nowMs: number; fresh: boolean }): void {
    if (!fresh && nowMs - this.#askedMs < STUN_FRESH_MS) return;
    this.#askedMs = nowMs;
    if (fresh) this.#mapped = [];
    const { servers, ...rest } = this.#options;
    const reachable = servers.filter((server) =>
      local.some(({ address }) => address.length === server.address.length)
    );
    this.#client = new StunClient({ ...rest, servers: reachable });
    this.#client.tick(nowMs);
  }

  /** There is no socket any more. */
  stop(): void {
    this.#client = undefined;
    this.#mapped = [];
  }

  /** Takes a STUN message from `source`, borrowed; true if it told us something. */
  receive(
    bytes: Uint8Array,
    { source, nowMs }: { source: Endpoint; nowMs: number },
  ): true | StunClientDrop {
    const verdict = this.#client?.receive(bytes, { source, nowMs }) ?? "unknown-transaction";
    if (verdict !== "mapped") return verdict === "refused" ? true : verdict;
    const mapped = this.#client!.results.flatMap((result) =>
      result.state === "mapped" ? [result.mapped] : []
    );
    this.#mapped = [...new Map(mapped.map((endpoint) => [endpoint.text, endpoint])).values()];
    return true;
  }

  /** Repeats what is due. */
  tick(nowMs: number): void {
    this.#client?.tick(nowMs);
  }

  /** When to tick next, or `Infinity`. */
  nextDeadlineMs(): number {
    return this.#client?.nextDeadlineMs() ?? Infinity;
  }
}
