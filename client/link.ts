import { encodeHex } from "../core/bytes/mod.ts";
import type { Timer } from "../core/clock/mod.ts";
import { FEATURE_RESUME, ownFeatures } from "../core/identity/mod.ts";
import { defectText, type Log } from "../core/log/mod.ts";
import type { PathEvent, PathKind, StunServer } from "../core/path/mod.ts";
import type { PeerStatus, TunnelHandler } from "../core/tunnel/mod.ts";
import type { AgentCheck } from "./agent_check.ts";
import type { StatusSource } from "./control/mod.ts";
import type { ClientDeps, ClientTunnel } from "./deps.ts";
import type { LiveSession } from "./reconnect.ts";
import {
  requestSession,
  SessionError,
  type SessionGrant,
  type SessionKeys,
  type SignallingSocket,
} from "./session.ts";

/** Options of {@linkcode Link}. */
export interface LinkOptions {
  /** `ws:` or `wss:` URL of the hub. */
  hubUrl: string;
  /** Name of the machine. */
  machine: string;
  /** Secret that the hub knows the client by; "" if none. */
  token: string;
  /** Ports of the machine that are wanted: a hint for the hub's history. */
  ports: readonly number[];
  /** Largest IP packet sent, in bytes. */
  mtuBytes: number;
  /** How long connections wait for a new socket, in ms; 0 for not at all. */
  graceMs: number;
  /** Paths to send by; undefined for all. */
  paths?: readonly PathKind[] | undefined;
  /** STUN servers besides the hub. Default: none. */
  stunServers?: readonly StunServer[] | undefined;
  /** Decides about the agent. */
  check: AgentCheck;
  /** What the link has of its machine. */
  deps: ClientDeps;
  /** Receives a line for each change. */
  log: Log;
  /** A new tunnel has been granted, which is about to come up. */
  onGrant: (grant: SessionGrant) => Promise<void>;
  /** The tunnel can be used, or cannot for now. */
  onUsable: (tunnel: ClientTunnel, usable: boolean) => void;
}

/** A tunnel, and what is needed to go on with it by another socket. */
interface Held {
  readonly sessionIdx: number;
  readonly tunnel: ClientTunnel;
  readonly keys: SessionKeys;
  readonly peerPublicKey: Uint8Array;
  readonly agent: PeerStatus;
  /** Whether the agent keeps the session, too. */
  readonly resumes: boolean;
  /** How often it has been up. */
  ups: number;
  lostMs: number;
  grace: Timer | undefined;
  /** Settles what waits for the socket attached last. */
  up: () => void;
  lost: (reason: string) => void;
}

/**
 * The way to one machine: one tunnel at a time, which outlives its sockets where the agent can go on
 * with it, and is replaced where it cannot.
 *
 * Spec: client.md 2.3, design.md decision 3
 */
export class Link {
  readonly #options: LinkOptions;
  #held: Held | undefined;

  /** Connects to nothing yet. */
  constructor(options: LinkOptions) {
    this.#options = options;
  }

  /** Whether connections wait for a new socket. */
  get waits(): boolean {
    return this.#held !== undefined && this.#held.ups > 0;
  }

  /** Who is at the other end; undefined before it is known. */
  get agent(): PeerStatus | undefined {
    return this.#held?.agent;
  }

  /** The tunnel, once it has been up and until it has ended. */
  get tunnel(): StatusSource | undefined {
    const held = this.#held;
    if (held === undefined || held.ups === 0) return undefined;
    return { status: () => ({ ...held.tunnel.status(), peer: held.agent }) };
  }

  /** Gives the socket up for another; the tunnel goes on by it until that has taken its place. */
  reconnect(): void {
    this.#held?.lost("asked to reconnect");
  }

  /**
   * Brings the tunnel up, or up again by another socket. Resolves once the agent has proved to be behind
   * it.
   *
   * @throws {SessionError} if there is no session, or the agent is not the one that is known
   * @throws what dialling throws
   */
  async open(signal: AbortSignal): Promise<LiveSession> {
    const { hubUrl, machine, token, ports, graceMs, deps } = this.#options;
    const before = this.#held;
    const keys = before?.keys ?? deps.makeKeys();
    const features = ownFeatures({ resumes: graceMs > 0 });
    const socket = await deps.dialHub(hubUrl, signal);
    const { clock } = deps;
    let grant: SessionGrant;
    try {
      grant = await requestSession(socket, {
        machine,
        token,
        ports,
        keys,
        features,
        graceMs,
        clock,
        signal,
      });
    } catch (error) {
      this.#endIfDenied(error);
      throw error;
    }
    const held = await this.#heldFor({ grant, keys, socket, before });
    const up = Promise.withResolvers<void>();
    const lost = Promise.withResolvers<string>();
    held.up = up.resolve;
    held.lost = lost.resolve;
    const onAbort = () => this.close();
    signal.addEventListener("abort", onAbort, { once: true });
    if (signal.aborted) onAbort();
    held.tunnel.attach(socket);
    const early = await Promise.race([up.promise, lost.promise]);
    signal.removeEventListener("abort", onAbort);
    if (typeof early === "string") {
      throw new SessionError("closed", `Session with "${machine}" did not come up: ${early}`);
    }
    return { lost: lost.promise };
  }

  /** Ends the tunnel, and tells an agent of ours. */
  close(): void {
    const { agent, tunnel } = this.#held ?? {};
    if (agent?.kind === "ours") tunnel?.leave("closed");
    else tunnel?.end("closed");
  }

  /** Whoever may not come back may not go on, either. */
  #endIfDenied(error: unknown): void {
    if (!(error instanceof SessionError)) return;
    if (error.code !== "access-denied" && error.code !== "invalid-token") return;
    this.#held?.tunnel.end("the hub no longer grants access");
  }

  /** The tunnel that is held, if the agent still has its end of it, else a new one. */
  async #heldFor({ grant, keys, socket, before }: {
    grant: SessionGrant;
    keys: SessionKeys;
    socket: SignallingSocket;
    before: Held | undefined;
  }): Promise<Held> {
    const held = this.#held;
    if (before && encodeHex(before.peerPublicKey) === encodeHex(grant.peerPublicKey)) {
      // WireGuard proves that it is the same agent.
      if (before === held) return before;
      // It goes on with the old session, whose addresses and connections no new tunnel would have.
      socket.close(1000, "session not set up");
      throw new SessionError("closed", "Session ended before it could be resumed");
    }
    try {
      const agent = await this.#options.check.check(grant, keys);
      held?.tunnel.end("the agent no longer has the session: it was restarted, or gave it up");
      return await this.#hold({ grant, keys, agent });
    } catch (error) {
      socket.close(1000, "session not set up");
      if (error instanceof SessionError && error.code !== "bad-peer-key") {
        held?.tunnel.end("another agent has answered");
      }
      throw error;
    }
  }

  async #hold({ grant, keys, agent }: {
    grant: SessionGrant;
    keys: SessionKeys;
    agent: PeerStatus;
  }): Promise<Held> {
    const { machine, mtuBytes, graceMs, paths, stunServers, deps, log, onGrant } = this.#options;
    const handler: TunnelHandler = {
      up: () => this.#onUp(held),
      waiting: (reason) => this.#onWaiting(held, reason),
      path: (event) => this.#onPath(held, event),
      defect: (error) => log(`A connection was reset by a defect: ${defectText(error)}`),
    };
    let tunnel: ClientTunnel;
    try {
      tunnel = deps.openTunnel({
        ...{ grant, keys, mtuBytes, graceMs, paths, stunServers, handler },
      });
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      throw new SessionError("bad-peer-key", `Agent of "${machine}" sent an unusable key`);
    }
    const held: Held = {
      sessionIdx: grant.sessionIdx,
      tunnel,
      keys,
      peerPublicKey: grant.peerPublicKey,
      agent,
      resumes: graceMs > 0 && grant.hello?.features?.includes(FEATURE_RESUME) === true,
      ups: 0,
      lostMs: 0,
      grace: undefined,
      up: () => {},
      lost: () => {},
    };
    tunnel.closed.then((reason) => this.#onClosed(held, reason));
    await onGrant(grant);
    return this.#held = held;
  }

  #onUp(held: Held): void {
    const { machine, onUsable, deps, log } = this.#options;
    // Not before: a grant alone tells nothing of an agent behind it.
    if (held.ups === 0) {
      log(`Connected to machine "${machine}", session ${held.sessionIdx}`);
    } else if (held.grace === undefined) {
      log("Session goes on by a new connection to the hub");
    } else {
      const seconds = (deps.clock.nowMs() - held.lostMs) / 1000;
      log(`Session resumed after ${seconds.toFixed(1)} s`);
    }
    held.grace?.cancel();
    held.grace = undefined;
    held.ups++;
    onUsable(held.tunnel, true);
    held.up();
  }

  /** Without a socket it depends on the other paths whether new connections can be opened. */
  #onPath(held: Held, event: PathEvent): void {
    if (held.ups === 0 || event.type !== "path-changed") return;
    if (event.to === undefined && held.grace !== undefined) this.#startGrace(held);
    this.#options.onUsable(held.tunnel, event.to !== undefined);
  }

  #onWaiting(held: Held, reason: string): void {
    const { deps: { clock }, graceMs, onUsable } = this.#options;
    if (!held.resumes) {
      const note = held.ups === 0 ? "" : "; this agent cannot resume, open connections are reset";
      return held.tunnel.end(`${reason}${note}`);
    }
    if (held.ups === 0) return held.tunnel.end(reason);
    const { state, path } = held.tunnel.status();
    onUsable(held.tunnel, state === "up");
    if (held.grace === undefined) {
      held.lostMs = clock.nowMs();
      this.#startGrace(held);
    }
    const wait = `wait for up to ${graceMs / 1000} s`;
    const how = state === "up" ? `go on by the ${path} path` : wait;
    held.lost(`${reason}; open connections ${how}`);
  }

  /** As long as another path works, it is the agent that decides how long it goes without a hub. */
  #startGrace(held: Held): void {
    const { deps: { clock }, graceMs } = this.#options;
    held.grace?.cancel();
    held.grace = clock.setTimer(() => {
      if (held.tunnel.status().state === "up") return this.#startGrace(held);
      held.tunnel.end(`no way back to the agent within ${graceMs / 1000} s`);
    }, graceMs);
  }

  #onClosed(held: Held, reason: string): void {
    const { onUsable, log } = this.#options;
    held.grace?.cancel();
    if (this.#held === held) this.#held = undefined;
    onUsable(held.tunnel, false);
    if (held.grace !== undefined) log(`Open connections are reset: ${reason}`);
    held.lost(reason);
  }
}
