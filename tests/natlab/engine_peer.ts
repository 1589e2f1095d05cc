import { DirectEngine, type DirectLoss, hostEndpoints } from "../../core/direct/mod.ts";
import type { Endpoint } from "../../core/endpoint/mod.ts";
import type { PeerCandidates, PeerEndpoint } from "../../core/control/mod.ts";
import type { Rng, SimClock } from "../simnet/mod.ts";
import type { Timer } from "../../core/clock/mod.ts";
import type { Host, Socket } from "./host.ts";
import { type LabMessage, openMessage, sealMessage } from "./message.ts";
import { type LabPeer, type Mailbox, SECRET } from "./peer.ts";

/** The watch over a path in use, as the owner of an engine keeps it. */
const ASK_EVERY_MS = 4_000;
const DEAD_AFTER_MS = 9_000;

/** Options of {@linkcode EnginePeer}. */
export interface EnginePeerOptions {
  /** Its machine. */
  host: Host;
  /** Times it. */
  clock: SimClock;
  /** Its randomness. */
  rng: Rng;
  /** Which end it is. */
  role: "agent" | "client";
  /** Whose the other end is. */
  peer: "ours" | "reference";
  /** STUN servers; the first is the hub's. */
  stunServers: readonly Endpoint[];
}

/** A peer of ours: the engine, with a socket and a pretended WireGuard around it. */
export class EnginePeer implements LabPeer {
  readonly received: Map<number, "direct" | "relay"> = new Map();
  /** Everything the engine said about its path, with the time. */
  readonly events: string[] = [];
  /** Datagrams sent to each address. */
  readonly sentTo: Map<string, number> = new Map();
  /** What looks for the path. */
  readonly engine: DirectEngine;
  /** Its machine. */
  readonly host: Host;
  readonly #options: EnginePeerOptions;
  readonly #socket: Socket;
  readonly #questions = new Map<number, { to: Endpoint; sentMs: number }>();
  #mailbox: Mailbox | undefined;
  #timer: Timer | undefined;
  #watch: Timer | undefined;
  #answeredMs = 0;
  #nextId = 1;

  /** Binds its socket; the engine is started by {@linkcode EnginePeer.start}. */
  constructor(options: EnginePeerOptions) {
    this.#options = options;
    this.host = options.host;
    this.#socket = options.host.bind((bytes, source) => this.#onDatagram(bytes, source));
    this.engine = new DirectEngine({
      role: options.role,
      stunServers: options.stunServers,
      hub: options.stunServers.slice(0, 1),
      allowLoopback: false,
      random: options.rng.fill,
      sink: {
        send: (bytes, to) => this.#send(bytes, to),
        announce: (message) => this.#mailbox?.control(message),
        probe: (to) => this.#ask(to),
        up: (remote) => this.#onUp(remote),
        down: (reason) => this.#onDown(reason),
      },
    });
  }

  get isDirect(): boolean {
    return this.engine.remote !== undefined;
  }

  /** Datagrams sent directly, of all kinds, to whomever. */
  get sentDatagrams(): number {
    return [...this.sentTo.values()].reduce((sum, count) => sum + count, 0);
  }

  connect(to: Mailbox): void {
    this.#mailbox = to;
  }

  /** Tells the engine its addresses, and that the tunnel is up. */
  start(): void {
    this.readAddresses();
    this.engine.start(this.#options.peer, this.#options.clock.nowMs());
    this.#arm();
  }

  /** Tells the engine its addresses, as after a change of network. */
  readAddresses(): void {
    const { host, clock } = this.#options;
    const interfaces = host.addresses.map((address) => ({ address }));
    const ports = { ipv4: this.#socket.port, ipv6: this.#socket.port };
    this.engine.setLocal(hostEndpoints(interfaces, { ports, allowLoopback: false }), clock.nowMs());
    this.#arm();
  }

  control(message: PeerCandidates | PeerEndpoint): void {
    const nowMs = this.#options.clock.nowMs();
    if (message.type === "peer-endpoint") this.engine.peerEndpoint(message.message, nowMs);
    else this.engine.peerCandidates(message.candidates, nowMs);
    this.#arm();
  }

  frame(bytes: Uint8Array): void {
    const message = openMessage(bytes, SECRET);
    if (message?.kind === "data") this.received.set(message.id, "relay");
  }

  sendData(id: number): "direct" | "relay" {
    const bytes = sealMessage({ kind: "data", id }, SECRET);
    const remote = this.engine.remote;
    if (remote !== undefined) this.#send(bytes, remote);
    else this.#mailbox?.frame(bytes);
    return remote === undefined ? "relay" : "direct";
  }

  #send(bytes: Uint8Array, to: Endpoint): void {
    this.sentTo.set(to.text, (this.sentTo.get(to.text) ?? 0) + 1);
    this.#socket.send(bytes, to);
  }

  #ask(to: Endpoint): void {
    const id = this.#nextId++;
    this.#questions.set(id, { to, sentMs: this.#options.clock.nowMs() });
    this.#send(sealMessage({ kind: "ping", id }, SECRET), to);
  }

  #onDatagram(bytes: Uint8Array<ArrayBuffer>, source: Endpoint): void {
    const nowMs = this.#options.clock.nowMs();
    if (this.engine.receive(bytes, { source, nowMs }) === "frame") {
      const message = openMessage(bytes, SECRET);
      if (message !== undefined) this.#onMessage(message, source);
    }
    this.#arm();
  }

  #onMessage({ kind, id }: LabMessage, source: Endpoint): void {
    const nowMs = this.#options.clock.nowMs();
    this.engine.authenticated(source, nowMs);
    if (kind === "data") this.received.set(id, "direct");
    if (kind === "ping") this.#send(sealMessage({ kind: "pong", id }, SECRET), source);
    const question = kind === "pong" ? this.#questions.get(id) : undefined;
    if (question === undefined) return;
    this.#questions.delete(id);
    this.#answeredMs = nowMs;
    this.engine.answered(question.to, { nowMs, rttMs: nowMs - question.sentMs });
  }

  #onUp(remote: Endpoint): void {
    const nowMs = this.#options.clock.nowMs();
    this.events.push(`${Math.round(nowMs)} up ${remote.text}`);
    this.#answeredMs = nowMs;
    this.#watch?.cancel();
    this.#watch = this.#options.clock.setTimer(() => this.#onWatch(), ASK_EVERY_MS);
  }

  #onDown(reason: DirectLoss): void {
    this.events.push(`${Math.round(this.#options.clock.nowMs())} down: ${reason}`);
    this.#watch?.cancel();
  }

  #onWatch(): void {
    const { clock } = this.#options;
    const remote = this.engine.remote;
    if (remote === undefined) return;
    const silentMs = clock.nowMs() - this.#answeredMs;
    if (silentMs >= DEAD_AFTER_MS) this.engine.died(clock.nowMs());
    else {
      this.#ask(remote);
      const waitMs = silentMs >= ASK_EVERY_MS ? 1_000 : ASK_EVERY_MS;
      this.#watch = clock.setTimer(() => this.#onWatch(), waitMs);
    }
    this.#arm();
  }

  #arm(): void {
    const { clock } = this.#options;
    this.#timer?.cancel();
    const atMs = this.engine.nextDeadlineMs();
    if (atMs === Infinity) return;
    this.#timer = clock.setTimer(() => {
      this.engine.tick(clock.nowMs());
      this.#arm();
    }, atMs - clock.nowMs());
  }
}
