import type { Random } from "../bytes/mod.ts";
import type { Endpoint } from "../endpoint/mod.ts";
import { encodeBindingRequest, readStunMessage, type StunDrop, transactionId } from "./message.ts";
import { LAST_WAIT_RTOS, RTO_MS, TRANSACTION_ID_BYTES } from "./specification.ts";
import { MAX_REQUESTS, MAX_SERVERS } from "./tuning.ts";

/** What has come of asking one server. */
export type StunResult =
  | { readonly state: "waiting"; readonly server: Endpoint }
  | { readonly state: "failed"; readonly server: Endpoint; readonly reason: "refused" | "timeout" }
  | {
    readonly state: "mapped";
    readonly server: Endpoint;
    /** Our endpoint as the server sees it. */
    readonly mapped: Endpoint;
    /** From the only request to the answer, milliseconds; absent if there were several requests. */
    readonly rttMs?: number;
  };

/** Why a datagram told {@linkcode StunClient} nothing. */
export type StunClientDrop = StunDrop | "not-response" | "unknown-transaction";

interface Transaction {
  readonly id: Uint8Array<ArrayBuffer>;
  result: StunResult;
  requests: number;
  sentMs: number;
  dueMs: number;
}

/** Options of {@linkcode StunClient}. */
export interface StunClientOptions {
  /** Who is asked; the first eight, each once, all at the same time. */
  servers: readonly Endpoint[];
  /** Chooses the transaction ids: cryptographic, as they are what keeps forged answers out. */
  random: Random;
  /** Sends a datagram from the socket whose mapping is wanted; takes the bytes. */
  send: (bytes: Uint8Array<ArrayBuffer>, to: Endpoint) => void;
}

/**
 * Asks STUN servers how they see a socket, without I/O: requests are repeated as RFC 8489 §6.2.1
 * wants it, five times at most. One client is for one question; it is not started twice.
 */
export class StunClient {
  readonly #send: StunClientOptions["send"];
  readonly #transactions: Transaction[] = [];

  /** Makes a client that sends nothing before {@linkcode StunClient.tick}. */
  constructor({ servers, random, send }: StunClientOptions) {
    this.#send = send;
    const distinct = new Map(servers.map((server) => [server.text, server]));
    for (const server of [...distinct.values()].slice(0, MAX_SERVERS)) {
      const id = new Uint8Array(TRANSACTION_ID_BYTES);
      random(id);
      const result: StunResult = { state: "waiting", server };
      this.#transactions.push({ id, result, requests: 0, sentMs: 0, dueMs: -Infinity });
    }
  }

  /** What has come of each server, in their order. */
  get results(): readonly StunResult[] {
    return this.#transactions.map(({ result }) => result);
  }

  /** When to call {@linkcode StunClient.tick} next; `Infinity` once every server is done. */
  nextDeadlineMs(): number {
    return Math.min(...this.#transactions.map(({ dueMs }) => dueMs), Infinity);
  }

  /** Sends what is due. */
  tick(nowMs: number): void {
    for (const transaction of this.#transactions) {
      if (nowMs >= transaction.dueMs) this.#advance(transaction, nowMs);
    }
  }

  /**
   * Takes a datagram that came from `source`, borrowed. Answers "mapped" if it told our endpoint,
   * "refused" if a server will not, else why it was dropped.
   */
  receive(
    bytes: Uint8Array,
    { source, nowMs }: { source: Endpoint; nowMs: number },
  ): "mapped" | "refused" | StunClientDrop {
    const message = readStunMessage(bytes);
    if (message.kind === "drop") return message.reason;
    if (message.kind !== "success" && message.kind !== "error") return "not-response";
    const id = transactionId(bytes);
    const transaction = this.#transactions.find(({ id: own, result }) =>
      result.state === "waiting" && result.server.text === source.text &&
      own.every((byte, i) => byte === id[i])
    );
    if (transaction === undefined) return "unknown-transaction";
    transaction.dueMs = Infinity;
    const { server } = transaction.result;
    if (message.kind === "error") {
      transaction.result = { state: "failed", server, reason: "refused" };
      return "refused";
    }
    const rtt = transaction.requests === 1 ? { rttMs: nowMs - transaction.sentMs } : {};
    transaction.result = { state: "mapped", server, mapped: message.mapped, ...rtt };
    return "mapped";
  }

  #advance(transaction: Transaction, nowMs: number): void {
    const { server } = transaction.result;
    if (transaction.requests === MAX_REQUESTS) {
      transaction.dueMs = Infinity;
      transaction.result = { state: "failed", server, reason: "timeout" };
      return;
    }
    const waitRtos = ++transaction.requests === MAX_REQUESTS
      ? LAST_WAIT_RTOS
      : 2 ** (transaction.requests - 1);
    transaction.sentMs = nowMs;
    transaction.dueMs = nowMs + waitRtos * RTO_MS;
    this.#send(encodeBindingRequest(transaction.id), server);
  }
}
