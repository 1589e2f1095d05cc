import { Waits } from "../../core/clock/mod.ts";
import { type ControlMessage, parseControl } from "../../core/control/mod.ts";
import { defectText } from "../../core/log/mod.ts";
import { forwardRelayFrame, readRelayFrame } from "../../core/relay/mod.ts";
import { fromSource } from "../access/mod.ts";
import { Sweeper } from "../liveness/mod.ts";
import type { Machine } from "../registry/mod.ts";
import type { SwitchboardOptions } from "./context.ts";
import { Controls } from "./controls.ts";
import { isKeepalive } from "./keepalive.ts";
import { Management, type ManagementAnswer, type ManagementRequest } from "./management.ts";
import { type Connection, Peer } from "./peer.ts";
import { Sessions } from "./sessions.ts";

/** How long a socket may stay open without having said what it is. */
const HELLO_TIMEOUT_MS = 30_000;

/** Most sockets at a time. */
const MAX_SOCKETS = 20_000;

/** Longest registration, in UTF-16 units: each is kept as long as the hub runs. */
const MAX_REGISTER_LENGTH = 64 * 1024;

/** What was relayed in one direction. */
export interface Relayed {
  /** Frames handed to a receiver. */
  frames: number;
  /** Their length in bytes, headers included. */
  bytes: number;
}

/** What the hub has relayed and dropped since it started. */
export interface RelayStats {
  /** Frames of clients handed to agents. */
  toAgent: Relayed;
  /** Frames of agents handed to clients. */
  toClient: Relayed;
  /** Frames dropped because the receiver did not read. */
  slowReceiver: number;
  /** Frames dropped because their hops were used up. */
  hopsExhausted: number;
  /** Messages that were no frame, each of which ended a session. */
  invalid: number;
}

/** How much there is of what a switchboard holds. */
export interface SwitchboardGauges {
  /** WebSockets that are open. */
  readonly sockets: number;
  /** Sessions, joined by their agent or not. */
  readonly sessions: number;
  /** Sessions that are joined. */
  readonly joinedSessions: number;
  /** Bytes queued for peers. */
  readonly queuedBytes: number;
}

/**
 * The session machine: takes WebSockets, finds out what each is, pairs clients with agents and
 * relays between them without looking inside.
 *
 * Spec: wire.md 2, 3, 4.4
 */
export class Switchboard {
  readonly #options: SwitchboardOptions;
  readonly #sessions: Sessions;
  readonly #controls: Controls;
  readonly #management: Management;
  readonly #running = new Map<Peer, Promise<void>>();
  readonly #stats: RelayStats = {
    toAgent: { frames: 0, bytes: 0 },
    toClient: { frames: 0, bytes: 0 },
    slowReceiver: 0,
    hopsExhausted: 0,
    invalid: 0,
  };
  readonly #sweeper: Sweeper<Peer>;
  readonly #hellos: Waits;
  #isShuttingDown = false;

  /** Starts looking after peers. */
  constructor(options: SwitchboardOptions) {
    const controlPeers = new Map<Machine, Peer>();
    this.#options = options;
    this.#sessions = new Sessions(options, controlPeers);
    this.#controls = new Controls(options, { sessions: this.#sessions, peers: controlPeers });
    this.#management = new Management(options);
    this.#hellos = new Waits(options.clock, HELLO_TIMEOUT_MS);
    this.#sweeper = new Sweeper({
      clock: options.clock,
      all: () => this.#running.keys(),
      onSwept: (peer, silentMs) => {
        if (peer.state.kind === "control") this.#controls.ping(peer, silentMs);
      },
      onLost: (peer) => this.#giveUp(peer),
    });
  }

  /** Counters, live. */
  get stats(): Readonly<RelayStats> {
    return this.#stats;
  }

  /** True if no more sockets can be taken. */
  get isFull(): boolean {
    return this.#isShuttingDown || this.#running.size >= MAX_SOCKETS;
  }

  /** How much there is of what the hub holds at the moment. */
  get gauges(): SwitchboardGauges {
    let queuedBytes = 0;
    for (const { connection } of this.#running.keys()) queuedBytes += connection.bufferedBytes;
    const { all: sessions, joined: joinedSessions } = this.#sessions.counts;
    return { sockets: this.#running.size, sessions, joinedSessions, queuedBytes };
  }

  /** How many sessions a machine has, joined or not. */
  sessionCount(machine: Machine): number {
    return this.#sessions.countOf(machine);
  }

  /**
   * Asks the agent of a machine to do something and waits for its answer; never rejects.
   *
   * Spec: wire.md 2.8
   */
  async ask(machine: Machine, request: ManagementRequest): Promise<ManagementAnswer> {
    const control = this.#controls.of(machine);
    return control === undefined
      ? { kind: "offline" }
      : await this.#management.ask(control, request);
  }

  /**
   * Ends what nobody may do any more: sessions whose client has lost its right or part of it, and
   * control sockets whose agent may no longer register. To be called when access has changed.
   *
   * Spec: hub-api.md D1
   */
  enforce(): void {
    this.#sessions.enforce();
    this.#controls.enforce();
  }

  /**
   * Takes a WebSocket and settles when it has ended; never rejects.
   *
   * @param onGreeted called when it has said what it is, or ended
   */
  serve(
    connection: Connection,
    { onGreeted }: { onGreeted?: (() => void) | undefined } = {},
  ): Promise<void> {
    const peer = new Peer(connection, this.#options.clock);
    peer.onGreeted = onGreeted;
    const ended = this.#run(peer);
    this.#running.set(peer, ended);
    return ended;
  }

  /**
   * Tells every peer that the hub is going away and waits until what is queued for them has gone
   * out, at most `timeoutMs`; then cuts those that are left.
   */
  async shutdown(timeoutMs: number): Promise<void> {
    this.#isShuttingDown = true;
    this.#sweeper.stop();
    this.#sessions.clear();
    for (const peer of this.#running.keys()) {
      peer.retire();
      peer.connection.close(1001, "hub shutting down");
    }
    const late = this.#options.clock.setTimer(() => {
      for (const { connection } of this.#running.keys()) connection.abort();
    }, timeoutMs);
    await Promise.all(this.#running.values());
    late.cancel();
  }

  async #run(peer: Peer): Promise<void> {
    const { clock, log } = this.#options;
    const { connection } = peer;
    if (this.#isShuttingDown) peer.dismiss("hub shutting down");
    peer.hello = this.#hellos.begin(() => {
      if (peer.state.kind === "new") peer.refuse("no register, connect or session-join in time");
    });
    try {
      await connection.run({
        text: (text) => this.#text(peer, text),
        binary: (bytes, start, end) => this.#binary(peer, { bytes, start, end }),
        ping: () => {
          peer.pulse.ping(clock.nowMs());
          this.#seen(peer);
        },
        pong: () => {
          peer.pulse.pong();
          this.#seen(peer);
        },
        batchEnd: () => {
          peer.pulse.heard();
          return peer.target?.hold();
        },
      });
    } catch (error) {
      log(`internal error with ${connection.remoteAddress}: ${defectText(error)}`);
    } finally {
      this.#running.delete(peer);
      peer.greeted();
      this.#management.lost(peer);
      this.#lost(peer);
    }
  }

  #seen({ state }: Peer): void {
    if (state.kind === "control") this.#controls.seen(state.machine);
  }

  #text(peer: Peer, text: string): void {
    if (peer.target !== undefined) {
      if (!isKeepalive(text)) peer.target.text(text);
    } else if (peer.state.kind !== "ended") {
      this.#signal(peer, text);
    }
  }

  #signal(peer: Peer, text: string): void {
    const message = parseControl(text);
    if (message.type === "invalid" && message.reason !== "no-type") {
      return this.#violation(peer, "Expected JSON for first message");
    }
    const refusal = this.#handle(peer, { message: message as ControlMessage, text });
    if (peer.state.kind !== "new") peer.greeted();
    if (refusal === undefined) return;
    this.#lost(peer);
    peer.refuse(refusal);
  }

  /** Gives the text of a refusal, or undefined if all is well or the message means nothing here. */
  #handle(
    peer: Peer,
    { message, text }: { message: ControlMessage; text: string },
  ): string | undefined {
    const { kind } = peer.state;
    if (message.type === "register" && (kind === "new" || kind === "control")) {
      if (text.length > MAX_REGISTER_LENGTH) return "register: message is too long";
      return this.#controls.register(peer, message);
    }
    if (message.type === "mgmt-response" && kind === "control") {
      const { requestId, ok: isDone } = message;
      this.#management.answered(peer, { requestId, text, isDone });
    }
    if (kind !== "new") return undefined;
    if (message.type === "connect") return this.#sessions.connect(peer, message);
    if (message.type === "session-join") return this.#sessions.join(peer, message);
    return undefined;
  }

  #binary(
    peer: Peer,
    { bytes, start, end }: { bytes: Uint8Array<ArrayBuffer>; start: number; end: number },
  ): void {
    const { target } = peer;
    if (target === undefined) {
      if (peer.state.kind !== "ended") this.#violation(peer, "Expected JSON for first message");
      return;
    }
    const verdict = forwardRelayFrame(bytes, start, end);
    if (verdict === "forward") {
      if (!target.frame(bytes, start, end)) {
        this.#stats.slowReceiver++;
        return;
      }
      this.#count(peer, end - start);
      if (readRelayFrame(bytes, start, end) === "data") this.#usedWebSocket(peer);
    } else if (verdict === "hops-exhausted") {
      this.#stats.hopsExhausted++;
    } else {
      this.#stats.invalid++;
      this.#violation(peer, "relay frame: unsupported version");
    }
  }

  #count({ state }: Peer, lenBytes: number): void {
    const stats = this.#stats;
    if (state.kind === "client") {
      stats.toAgent.frames++;
      stats.toAgent.bytes += lenBytes;
      state.session.traffic.toAgentBytes += lenBytes;
    } else if (state.kind === "agent") {
      stats.toClient.frames++;
      stats.toClient.bytes += lenBytes;
      state.session.traffic.toClientBytes += lenBytes;
    }
  }

  #usedWebSocket({ state }: Peer): void {
    if (state.kind !== "client" && state.kind !== "agent") return;
    state.session.udp?.usedWebSocket(state.kind);
  }

  /** Spec: wire.md 1.5 ("protocol close") */
  #violation(peer: Peer, reason: string): void {
    this.#lost(peer);
    peer.connection.closeNow(1002, reason);
  }

  #giveUp(peer: Peer): void {
    if (peer.state.kind === "ended") return;
    const { remoteAddress } = peer.connection;
    const silent = { what: "silent, given up", detail: peer.state.kind, remoteAddress };
    this.#options.repeats.note(fromSource(silent));
    this.#lost(peer);
    peer.connection.abort();
  }

  /** The peer is gone or about to be; whoever depends on it is told. */
  #lost(peer: Peer): void {
    const { state } = peer;
    peer.retire();
    if (state.kind === "control") this.#controls.lost(peer, state);
    else if (state.kind === "client") this.#sessions.clientLost(state.session);
    else if (state.kind === "agent") this.#sessions.agentLost(state.session);
  }
}
