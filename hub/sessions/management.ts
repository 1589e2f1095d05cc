import { encodeHex, type Random } from "../../core/bytes/mod.ts";
import type { Clock, Timer } from "../../core/clock/mod.ts";
import type { Peer } from "./peer.ts";

/** How long an agent may take to answer. Spec: hub-api.md 4 */
const ANSWER_TIMEOUT_MS = 30_000;

/** Requests that wait for one agent; it does them one after the other. */
const MAX_WAITING_PER_AGENT = 32;

/** Requests that wait for all agents. */
const MAX_WAITING = 1024;

/** Bytes queued for an agent at which it is not asked any more. */
const FULL_BYTES = 1024 * 1024;

/** What an agent answered, or why it did not. */
export type ManagementAnswer =
  | {
    readonly kind: "answer";
    /** Its message, as it came. */
    readonly text: string;
    /** Whether it says that it has done what it was asked. */
    readonly isDone: boolean;
  }
  | { readonly kind: "offline" | "busy" | "gone" | "timeout" };

/** What an agent is asked to do. */
export interface ManagementRequest {
  /** As `config-get`; not looked at. */
  readonly action: string;
  /** JSON text; undefined for none. */
  readonly payload: string | undefined;
}

interface Waiting {
  readonly peer: Peer;
  readonly timer: Timer;
  readonly settle: (answer: ManagementAnswer) => void;
}

/**
 * Requests to agents that wait for an answer. Only the control socket that was asked can answer.
 *
 * Spec: wire.md 2.8, hub-api.md 4
 */
export class Management {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #waiting = new Map<string, Waiting>();

  /** Starts with no requests. */
  constructor({ clock, random }: { readonly clock: Clock; readonly random: Random }) {
    this.#clock = clock;
    this.#random = random;
  }

  /** Asks over a control socket and waits for the answer; never rejects. */
  ask(peer: Peer, { action, payload }: ManagementRequest): Promise<ManagementAnswer> {
    if (this.#isFullFor(peer)) return Promise.resolve({ kind: "busy" });
    if (peer.connection.bufferedBytes > FULL_BYTES) return Promise.resolve({ kind: "gone" });
    const idBytes = new Uint8Array(8);
    this.#random(idBytes);
    const requestId = encodeHex(idBytes);
    const { promise, resolve: settle } = Promise.withResolvers<ManagementAnswer>();
    const timer = this.#clock.setTimer(
      () => this.#settle(requestId, { kind: "timeout" }),
      ANSWER_TIMEOUT_MS,
    );
    this.#waiting.set(requestId, { peer, timer, settle });
    const head = JSON.stringify({ type: "mgmt-request", requestId, action });
    // As it came: a number that JavaScript cannot hold must reach the agent as it is.
    const text = payload === undefined ? head : `${head.slice(0, -1)},"payload":${payload}}`;
    peer.connection.sendText(text);
    return promise;
  }

  /** An answer has come, from the agent that was asked or not. */
  answered(peer: Peer, { requestId, text, isDone }: {
    readonly requestId: string;
    readonly text: string;
    readonly isDone: boolean;
  }): void {
    if (this.#waiting.get(requestId)?.peer === peer) {
      this.#settle(requestId, { kind: "answer", text, isDone });
    }
  }

  /** A socket is gone: who waits for it is told. */
  lost(peer: Peer): void {
    for (const [requestId, waiting] of this.#waiting) {
      if (waiting.peer === peer) this.#settle(requestId, { kind: "gone" });
    }
  }

  #settle(requestId: string, answer: ManagementAnswer): void {
    const waiting = this.#waiting.get(requestId);
    if (waiting === undefined) return;
    this.#waiting.delete(requestId);
    waiting.timer.cancel();
    waiting.settle(answer);
  }

  #isFullFor(peer: Peer): boolean {
    if (this.#waiting.size >= MAX_WAITING) return true;
    let count = 0;
    for (const waiting of this.#waiting.values()) if (waiting.peer === peer) count++;
    return count >= MAX_WAITING_PER_AGENT;
  }
}
