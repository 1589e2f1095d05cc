import { encodeHex } from "../core/bytes/mod.ts";
import type { SessionRequest } from "../core/control/mod.ts";
import { type Log, RepeatLog } from "../core/log/mod.ts";
import { type JoinedSession, joinSession, MAX_SESSION_IDX } from "./join.ts";
import { Session, type SessionSettings } from "./session.ts";
import { reasonOf } from "./surroundings.ts";

/** Sessions of one machine at a time: one for each index. Spec: wire.md 3.3 */
const MAX_SESSIONS = MAX_SESSION_IDX;

/** Characters of a session's id that the log shows. */
const SHOWN_ID_CHARS = 8;

/** Options of {@linkcode Sessions}. */
export interface SessionsOptions extends Omit<SessionSettings, "hubIsAway"> {
  /** URL of the hub. */
  hub: string;
}

/** What a client's session is answered with besides its socket. */
interface AnswerOptions {
  readonly log: Log;
  readonly allowedPorts: readonly number[] | undefined;
}

/**
 * The clients of one machine. They come by way of one control connection after the other; those that
 * can come back are kept while there is none.
 */
export class Sessions {
  readonly #options: SessionsOptions;
  /** By the client's key in hexadecimal: whoever comes with it is that client, or gets nowhere. */
  readonly #sessions = new Map<string, Session>();
  readonly #joining = new Map<string, Promise<void>>();
  readonly #ending = new Set<Promise<void>>();
  readonly #refusals: RepeatLog;
  #disconnected = new AbortController();
  #hubIsAway = true;

  /** Starts with none. */
  constructor(options: SessionsOptions) {
    this.#options = options;
    const { log, clock } = options.surroundings;
    this.#refusals = new RepeatLog(log, { clock });
  }

  /** Sessions now, those that begin, wait or end included. */
  get size(): number {
    return this.#joining.size + this.#ending.size;
  }

  /** Whether a client may come back as soon as the hub can be reached. */
  get awaitsReturn(): boolean {
    return this.#sessions.values().some(({ resumes }) => resumes);
  }

  /** The machine is registered: clients can come. */
  connected(): void {
    this.#hubIsAway = false;
    for (const session of this.#sessions.values()) session.hubIsBack();
  }

  /** Whether a client has no socket, and is waited for or reached by another path. */
  get waits(): boolean {
    return this.#sessions.values().some(({ waitingSinceMs }) => waitingSinceMs !== undefined);
  }

  /**
   * Starts a session, or joins one again whose client has come back. A request that is under way
   * already is only logged; so is one beyond the limit, unless another waits, which then ends.
   */
  start(request: SessionRequest): void {
    const { log } = this.#options.surroundings;
    const { sessionId, wgPubKey } = request;
    const name = `session ${sessionId.slice(0, SHOWN_ID_CHARS)}`;
    if (this.#joining.has(sessionId)) {
      return this.#refusals.note({ what: "asked for twice", detail: name });
    }
    const isKnown = this.#sessions.has(wgPubKey.toLowerCase());
    // A client that is known needs no room, but each of its requests opens a socket.
    const isFull = this.#joining.size >= MAX_SESSIONS ||
      !isKnown && this.size >= MAX_SESSIONS && !this.#endLongestWaiting();
    if (isFull) {
      const detail = `${MAX_SESSIONS} are open already`;
      return this.#refusals.note({ what: "no session is started", detail });
    }
    const prefixed = Object.assign((text: string) => log(`${name}: ${text}`), { for: log.for });
    const joining = this.#join(request, prefixed).finally(() => this.#joining.delete(sessionId));
    this.#joining.set(sessionId, joining);
  }

  /** Ends the session of a client that may not have it any more, by whatever path it goes on. */
  withdraw(wgPubKey: string): void {
    this.#sessions.get(wgPubKey.toLowerCase())?.end("the hub has withdrawn the right to it");
  }

  /**
   * The control connection is lost: what has begun there is given up, and clients that cannot come back
   * are let go. The others keep their sockets for as long as these work. Resolves when that is done.
   */
  async disconnected(reason: string): Promise<void> {
    this.#hubIsAway = true;
    this.#disconnected.abort(new Error(reason));
    await Promise.all(this.#joining.values());
    this.#disconnected = new AbortController();
    const lost = [...this.#sessions.values()].filter(({ resumes }) => !resumes);
    for (const session of lost) session.end(reason);
    await Promise.all(lost.map(({ closed }) => closed));
  }

  /** Ends all sessions; resolves once nothing is left of them. */
  async close(reason: string): Promise<void> {
    this.#disconnected.abort(new Error(reason));
    await Promise.all(this.#joining.values());
    this.#disconnected = new AbortController();
    for (const session of this.#sessions.values()) session.end(reason);
    await Promise.all(this.#ending);
    this.#refusals.flush();
  }

  #endLongestWaiting(): boolean {
    let longest: Session | undefined;
    for (const session of this.#sessions.values()) {
      const { waitingSinceMs = Infinity, ended } = session;
      if (!ended && waitingSinceMs < (longest?.waitingSinceMs ?? Infinity)) longest = session;
    }
    longest?.end(`no longer waited for: ${MAX_SESSIONS} sessions are open`);
    return longest !== undefined;
  }

  async #join(request: SessionRequest, log: Log): Promise<void> {
    const { hub, machine, graceMs, surroundings } = this.#options;
    log(`requested, index ${request.sessionIdx}`);
    try {
      const joined = await joinSession({
        hub,
        machine: machine.name,
        request,
        graceMs,
        surroundings,
        signal: this.#disconnected.signal,
      });
      if (typeof joined === "string") return log(`ended: ${joined}`);
      this.#answer(joined, { log, allowedPorts: request.allowedPorts });
    } catch (error) {
      log(`ended: ${reasonOf(error)}`);
    }
  }

  #answer(joined: JoinedSession, { log, allowedPorts }: AnswerOptions): void {
    const key = encodeHex(joined.peerPublicKey);
    const known = this.#sessions.get(key);
    const obstacle = known && this.#obstacle(known, allowedPorts);
    if (obstacle !== undefined) known!.end(obstacle);
    try {
      const isOpen = known?.ended === false && obstacle === undefined;
      const session = isOpen ? known : this.#open(key, { ...joined, log, allowedPorts });
      session.answer(joined.socket);
    } catch (error) {
      joined.socket.close();
      throw error;
    }
  }

  /** Why a session cannot go on for the client that has come by its key; undefined if it can. */
  #obstacle(known: Session, allowedPorts: readonly number[] | undefined): string | undefined {
    // What was begun by someone who never proved to hold the key binds nobody who does.
    if (!known.wasUp) return "its client has begun anew";
    // What is open may lead to where the client may not go any more.
    return known.isFor(allowedPorts) ? undefined : "the client's permission has changed";
  }

  #open(
    key: string,
    { sessionIdx, peerPublicKey, log, allowedPorts }: JoinedSession & AnswerOptions,
  ): Session {
    const { hub: _, ...settings } = this.#options;
    const surroundings = { ...settings.surroundings, log };
    const client = { sessionIdx, peerPublicKey, allowedPorts };
    const hubIsAway = () => this.#hubIsAway;
    const session = new Session({ ...settings, hubIsAway, surroundings, ...client });
    this.#sessions.set(key, session);
    const ending = session.closed.then((reason) => {
      log(`ended: ${reason}`);
      if (this.#sessions.get(key) === session) this.#sessions.delete(key);
      this.#ending.delete(ending);
    });
    this.#ending.add(ending);
    return session;
  }
}
