import type { Packet, PacketPool, Random } from "../bytes/mod.ts";
import type { Clock, Timer } from "../clock/mod.ts";
import type { PeerCandidates, PeerEndpoint } from "../control/mod.ts";
import { DirectEngine, hostEndpoints, type InterfaceAddress } from "../direct/mod.ts";
import { type Endpoint, makeEndpoint, scopeOf } from "../endpoint/mod.ts";
import { RELAY_HEADER_BYTES } from "../relay/mod.ts";
import type { Carrier } from "./carrier.ts";
import { UdpCarrier } from "./udp_carrier.ts";
import type { UdpAddress, UdpPort } from "./udp_port.ts";

/** Questions to candidates that may be open; the oldest is forgotten for a new one. */
const MAX_OPEN_PROBES = 64;

/** Numbers of questions to candidates begin here: those of paths count from 1. */
const FIRST_PROBE_SEQ = 0x8000_0000;

/** Told what a {@linkcode DirectLink} achieves. */
export interface DirectLinkHandler {
  /** The peer can be reached directly, in place of where it was before. */
  reached(carrier: Carrier): void;
  /** It cannot any more. */
  lost(carrier: Carrier): void;
  /** Asks by a carrier with a number that {@linkcode DirectLink.answered} is told. */
  probe(carrier: Carrier, seq: number): void;
  /** Tells the peer something through the hub. */
  announce(message: PeerCandidates | PeerEndpoint): void;
  /**
   * A WireGuard message, borrowed until the call returns; it may be changed in place. Returns
   * whether it is authentic.
   */
  datagram(carrier: Carrier, bytes: Uint8Array<ArrayBuffer>, start: number, end: number): boolean;
  /** Congestion of a carrier became another. */
  congestion(carrier: Carrier): void;
  /** The system refused a message; takes the packet. */
  refused(carrier: Carrier, packet: Packet): void;
}

/** Options of {@linkcode DirectLink}. */
export interface DirectLinkOptions {
  /** Which end of the tunnel we are. */
  role: "agent" | "client";
  /** Sockets by family, shared and borrowed. */
  ports: { ipv4: UdpPort; ipv6?: UdpPort | undefined };
  /** Where the hub relays and answers STUN, if it does. */
  hub: UdpAddress | undefined;
  /** Further STUN servers. */
  stunServers: readonly Endpoint[];
  /** Addresses of this machine's interfaces, read anew each time. */
  interfaces: () => InterfaceAddress[];
  /** Where sent packets go back to. */
  pool: PacketPool;
  /** Times everything. */
  clock: Clock;
  /** Cryptographic randomness. */
  random: Random;
  /** Session id in the frames. */
  sessionId: number;
  /** Told what happens. */
  handler: DirectLinkHandler;
}

/**
 * The direct path: gives the engine that finds it sockets, a clock and questions sealed by WireGuard,
 * and tells which carrier leads directly to the peer.
 *
 * Spec: wire.md 5.4, 5.5
 */
export class DirectLink {
  readonly #options: DirectLinkOptions;
  readonly #engine: DirectEngine;
  readonly #allowLoopback: boolean;
  #ownHosts: ReadonlySet<string> = new Set();
  readonly #open = new Map<number, { to: Endpoint; atMs: number }>();
  #nextSeq = FIRST_PROBE_SEQ;
  #carrier: UdpCarrier | undefined;
  #remote: Endpoint | undefined;
  /** The last stranger's address and carrier: its messages mostly come in a row. */
  #stranger: { from: UdpAddress; endpoint: Endpoint; carrier: Carrier } | undefined;
  #timer: Timer | undefined;
  #closed = false;

  /** Looks for nobody before {@linkcode DirectLink.start}. */
  constructor(options: DirectLinkOptions) {
    this.#options = options;
    const { role, random, handler } = options;
    const hub = options.hub && makeEndpoint(options.hub.hostname, options.hub.port);
    const hubs = hub === undefined ? [] : [hub];
    this.#allowLoopback = hubs.some((endpoint) => scopeOf(endpoint) === "loopback");
    this.#engine = new DirectEngine({
      role,
      stunServers: [...hubs, ...options.stunServers],
      hub: hubs,
      allowLoopback: this.#allowLoopback,
      random,
      sink: {
        send: (bytes, to) => this.#send(bytes, to),
        announce: (message) => handler.announce(message),
        probe: (to) => this.#probe(to),
        up: (remote) => this.#up(remote),
        down: () => this.#down(),
      },
    });
    this.#engine.setLocal(this.#hosts(), options.clock.nowMs());
  }

  /** WireGuard has keys, and it is known whose the peer is. */
  start(peer: "ours" | "reference"): void {
    this.#engine.start(peer, this.#now());
    this.#arm();
  }

  /** The peer told by the hub where it is. */
  heardOf(message: PeerCandidates | PeerEndpoint): void {
    if (message.type === "peer-endpoint") this.#engine.peerEndpoint(message.message, this.#now());
    else this.#engine.peerCandidates(message.candidates, this.#now());
    this.#arm();
  }

  /** Sleep, another network or a new socket to the hub: what is known may be wrong. */
  refresh(): void {
    this.#engine.setLocal(this.#hosts(), this.#now());
    this.#engine.refresh(this.#now());
    this.#arm();
  }

  /** A carrier turned out to lead nowhere. */
  died(carrier: Carrier): void {
    if (carrier !== this.#carrier) return;
    this.#engine.died(this.#now());
    this.#arm();
  }

  /** A question by {@linkcode DirectLinkHandler.probe} was answered directly. */
  answered(seq: number): void {
    const question = this.#open.get(seq);
    if (question === undefined) return;
    this.#open.delete(seq);
    const nowMs = this.#now();
    this.#engine.answered(question.to, { nowMs, rttMs: nowMs - question.atMs });
    this.#arm();
  }

  /** Takes a datagram, borrowed, that is not from the hub's relay; false if it is of no use. */
  receive(bytes: Uint8Array<ArrayBuffer>, end: number, from: UdpAddress): boolean {
    const remote = this.#remote;
    if (remote !== undefined && from.port === remote.port && from.hostname === remote.host) {
      if (this.#isFrame(bytes, end)) {
        this.#options.handler.datagram(this.#carrier!, bytes, RELAY_HEADER_BYTES, end);
        return true;
      }
    }
    const verdict = this.#receiveFrom(bytes, end, from);
    this.#arm();
    return verdict;
  }

  /** Ends everything; sockets stay with their owner. */
  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
  }

  /** Whether it can only be a relay frame with a WireGuard message, which every data packet is. */
  #isFrame(bytes: Uint8Array, end: number): boolean {
    return end >= RELAY_HEADER_BYTES + 32 && bytes[0] === 0x54 && bytes[1] === 0;
  }

  #receiveFrom(bytes: Uint8Array<ArrayBuffer>, end: number, from: UdpAddress): boolean {
    if (this.#stranger?.from.port !== from.port || this.#stranger.from.hostname !== from.hostname) {
      const endpoint = makeEndpoint(from.hostname, from.port);
      if (endpoint === undefined) return false;
      this.#stranger = { from, endpoint, carrier: this.#makeCarrier(endpoint) };
    }
    const { endpoint, carrier } = this.#stranger;
    const nowMs = this.#now();
    const verdict = this.#engine.receive(bytes.subarray(0, end), { source: endpoint, nowMs });
    if (verdict !== "frame") return verdict === "punch" || verdict === "stun";
    // The answer to a question goes back to where it came from.
    const by = endpoint.text === this.#remote?.text ? this.#carrier! : carrier;
    if (this.#options.handler.datagram(by, bytes, RELAY_HEADER_BYTES, end)) {
      this.#engine.authenticated(endpoint, nowMs);
    }
    return true;
  }

  #probe(to: Endpoint): void {
    const seq = this.#nextSeq;
    this.#nextSeq = seq === 0xffff_ffff ? FIRST_PROBE_SEQ : seq + 1;
    if (this.#open.size === MAX_OPEN_PROBES) {
      this.#open.delete(this.#open.keys().next().value!);
    }
    this.#open.set(seq, { to, atMs: this.#now() });
    const carrier = to.text === this.#remote?.text ? this.#carrier! : this.#makeCarrier(to);
    this.#options.handler.probe(carrier, seq);
  }

  #up(remote: Endpoint): void {
    if (remote.text === this.#remote?.text) return;
    const before = this.#carrier;
    this.#remote = remote;
    this.#carrier = this.#makeCarrier(remote);
    if (before !== undefined) this.#options.handler.lost(before);
    this.#options.handler.reached(this.#carrier);
  }

  #down(): void {
    const before = this.#carrier;
    this.#carrier = this.#remote = undefined;
    if (before !== undefined) this.#options.handler.lost(before);
  }

  async #send(bytes: Uint8Array<ArrayBuffer>, to: Endpoint): Promise<void> {
    // What cannot be sent is as good as lost: the engine repeats itself.
    await this.#portFor(to)?.send(bytes, addressOf(to));
  }

  #makeCarrier(to: Endpoint): UdpCarrier {
    const { pool, sessionId, handler, ports } = this.#options;
    const carrier: UdpCarrier = new UdpCarrier({
      kind: "direct",
      port: this.#portFor(to) ?? ports.ipv4,
      to: addressOf(to),
      isLocal: this.#ownHosts.has(to.host),
      sessionId,
      pool,
      onCongestion: () => handler.congestion(carrier),
      onRefused: (packet) => {
        this.#engine.sendFailed(to, this.#now());
        this.#arm();
        handler.refused(carrier, packet);
      },
    });
    return carrier;
  }

  #portFor({ address }: Endpoint): UdpPort | undefined {
    const { ipv4, ipv6 } = this.#options.ports;
    return address.length === 4 ? ipv4 : ipv6;
  }

  #hosts(): Endpoint[] {
    const { ports, interfaces } = this.#options;
    const hosts = hostEndpoints(interfaces(), {
      ports: { ipv4: ports.ipv4.localPort, ipv6: ports.ipv6?.localPort },
      allowLoopback: this.#allowLoopback,
    });
    this.#ownHosts = new Set(hosts.map(({ host }) => host));
    return hosts;
  }

  #now(): number {
    return this.#options.clock.nowMs();
  }

  #arm(): void {
    this.#timer?.cancel();
    const atMs = this.#engine.nextDeadlineMs();
    if (this.#closed || atMs === Infinity) return;
    this.#timer = this.#options.clock.setTimer(() => {
      this.#engine.tick(this.#now());
      this.#arm();
    }, atMs - this.#now());
  }
}

function addressOf({ host: hostname, port }: Endpoint): UdpAddress {
  return { transport: "udp", hostname, port };
}
