import { RepeatLog } from "../core/log/mod.ts";
import { type ByteStream, type ConnLike, connStream } from "../core/stream/mod.ts";
import { splice } from "../core/tunnel/mod.ts";
import { Deadline } from "./deadline.ts";
import { reasonOf, type SessionListener, type Surroundings } from "./surroundings.ts";

/** Spec: wire.md 3.2, agent.md 3 */
const DIAL_TIMEOUT_MS = 10_000;

/**
 * Connections of one session at a time: several times what a browser or a connection pool opens, and
 * few enough that one client cannot use up the file descriptors of the machine. More are reset.
 */
const MAX_CONNECTIONS = 4096;

/** Failures that are alike are told in one line for so long: a user who mends a service looks on. */
const FAILURES_WINDOW_MS = 10_000;

/** Options of {@linkcode Forwarder}. */
export interface ForwarderOptions {
  /** Host on which services are dialled. */
  target: string;
  /** Clock, log, and how services are dialled. */
  surroundings: Surroundings;
  /** Connections at a time; more are reset. Default 4096. */
  maxConnections?: number;
}

function dialFault(error: unknown): string {
  const isFull = error instanceof Error && "code" in error && error.code === "EMFILE";
  return isFull ? "too many open files; raise the limit, as by ulimit -n" : reasonOf(error);
}

/** Joins each connection that comes through a tunnel with one to the service behind its port. */
export class Forwarder {
  readonly #target: string;
  readonly #surroundings: Surroundings;
  readonly #maxConnections: number;
  readonly #failures: RepeatLog;
  readonly #ended = new AbortController();
  readonly #streams = new Set<ByteStream>();
  readonly #tasks = new Set<Promise<void>>();
  #connections = 0;
  #full = false;

  /** Forwards nothing until {@linkcode Forwarder.serve}. */
  constructor({ target, surroundings, maxConnections = MAX_CONNECTIONS }: ForwarderOptions) {
    this.#target = target;
    this.#surroundings = surroundings;
    this.#maxConnections = maxConnections;
    const { log, clock } = surroundings;
    this.#failures = new RepeatLog(log, { clock, windowMs: FAILURES_WINDOW_MS });
  }

  /** Connections open now, those being dialled included. */
  get connections(): number {
    return this.#connections;
  }

  /** Forwards the connections of a listener to `port` of the target, until either ends. */
  serve(listener: SessionListener, port: number): void {
    this.#track(this.#acceptAll(listener, port));
  }

  /** Resets all connections; resolves once nothing is left of them. */
  async close(): Promise<void> {
    this.#ended.abort(new Error("the session has ended"));
    for (const stream of this.#streams) stream.abort();
    while (this.#tasks.size > 0) await Promise.all(this.#tasks);
    this.#failures.flush();
  }

  #track(task: Promise<void>): void {
    const tracked = task.finally(() => this.#tasks.delete(tracked));
    this.#tasks.add(tracked);
  }

  async #acceptAll(listener: SessionListener, port: number): Promise<void> {
    while (!this.#ended.signal.aborted) {
      let conn: ConnLike;
      try {
        conn = await listener.accept();
      } catch {
        // A listener rejects only when it or the tunnel has ended, and the session reports why.
        return;
      }
      this.#admit(connStream(conn), port);
    }
  }

  #admit(inbound: ByteStream, port: number): void {
    const full = this.#connections >= this.#maxConnections;
    if (full && !this.#full) {
      const { log } = this.#surroundings;
      log(`a client has ${this.#connections} connections open: resetting more of them`);
    }
    this.#full = full;
    if (full || this.#ended.signal.aborted) return inbound.abort();
    this.#connections++;
    this.#track(this.#forward(inbound, port).finally(() => this.#connections--));
  }

  async #forward(inbound: ByteStream, port: number): Promise<void> {
    const { log, verbose } = this.#surroundings;
    const place = `${this.#target}:${port}`;
    this.#streams.add(inbound);
    try {
      const outbound = await this.#dial(port);
      if (this.#ended.signal.aborted) return outbound.abort();
      this.#streams.add(outbound);
      if (verbose) log(`${inbound.remoteAddress} is connected to ${place}`);
      const end = await splice(inbound, outbound);
      this.#streams.delete(outbound);
      if (verbose) log(`${inbound.remoteAddress} and ${place}: ${end}`);
    } catch (error) {
      if (!this.#ended.signal.aborted) {
        const detail = dialFault(error);
        this.#failures.note({ what: `cannot reach ${place}`, detail, which: `for ${detail}` });
      }
      inbound.abort();
    } finally {
      this.#streams.delete(inbound);
    }
  }

  async #dial(port: number): Promise<ByteStream> {
    const { clock, dialTarget } = this.#surroundings;
    using deadline = new Deadline({
      clock,
      timeoutMs: DIAL_TIMEOUT_MS,
      message: `no answer within ${DIAL_TIMEOUT_MS / 1000} s`,
      parent: this.#ended.signal,
    });
    return await dialTarget({ hostname: this.#target, port }, deadline.signal);
  }
}
