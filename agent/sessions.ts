import type { SessionRequest } from "../core/control/mod.ts";
import type { MachineConfig } from "./config.ts";
import { MAX_SESSION_IDX, runSession } from "./session.ts";
import { reasonOf, type Surroundings } from "./surroundings.ts";

/** Sessions of one machine at a time: one for each index. Spec: wire.md 3.3 */
const MAX_SESSIONS = MAX_SESSION_IDX;

/** Characters of a session's id that the log shows. */
const SHOWN_ID_CHARS = 8;

/** Options of {@linkcode Sessions}. */
export interface SessionsOptions {
  /** URL of the hub. */
  hub: string;
  /** The machine whose clients are served. */
  machine: MachineConfig;
  /** Largest IP packet sent, in bytes. */
  mtuBytes: number;
  /** Clock, log, and how the rest is reached. */
  surroundings: Surroundings;
}

/** The sessions that one control connection has asked for. */
export class Sessions {
  readonly #options: SessionsOptions;
  readonly #ended = new AbortController();
  readonly #running = new Map<string, Promise<void>>();

  /** Starts with none. */
  constructor(options: SessionsOptions) {
    this.#options = options;
  }

  /** Sessions running now. */
  get size(): number {
    return this.#running.size;
  }

  /** Starts a session. A request beyond the limit, or for a running session, is only logged. */
  start(request: SessionRequest): void {
    const { log } = this.#options.surroundings;
    const { sessionId } = request;
    const name = `session ${sessionId.slice(0, SHOWN_ID_CHARS)}`;
    if (this.#running.has(sessionId)) return log(`${name}: asked for twice`);
    if (this.#running.size >= MAX_SESSIONS) {
      return log(`${name}: not started, ${MAX_SESSIONS} sessions are open already`);
    }
    this.#running.set(sessionId, this.#run(request, name));
  }

  /** Ends all sessions; resolves once nothing is left of them. No more are to be started. */
  async close(): Promise<void> {
    this.#ended.abort(new Error("the connection to the hub has ended"));
    await Promise.all(this.#running.values());
  }

  async #run(request: SessionRequest, name: string): Promise<void> {
    const { surroundings, ...options } = this.#options;
    const { log } = surroundings;
    const prefixed = Object.assign((text: string) => log(`${name}: ${text}`), { for: log.for });
    prefixed(`requested, index ${request.sessionIdx}`);
    try {
      const reason = await runSession({
        ...options,
        request,
        surroundings: { ...surroundings, log: prefixed },
        signal: this.#ended.signal,
      });
      prefixed(`ended: ${reason}`);
    } catch (error) {
      prefixed(`ended: ${reasonOf(error)}`);
    } finally {
      this.#running.delete(request.sessionId);
    }
  }
}
