import { type Packet, PacketPool, type Random } from "../bytes/mod.ts";
import type { Clock, Timer } from "../clock/mod.ts";
import type { ControlMessage } from "../control/mod.ts";
import { type Ipv4Address, ipv4Address } from "../ip/mod.ts";
import { Netstack, type TcpConn, type TcpListener } from "../netstack/mod.ts";
import type { HubSocket } from "../path/mod.ts";
import { WireGuard } from "../wireguard/mod.ts";
import { Carrier, type CarrierHandler } from "./_carrier.ts";

/** Spec: wire.md 3.4 */
const PERSISTENT_KEEPALIVE_MS = 25_000;

/** A packet is sealed and copied before the next is made: few are ever lent at once. */
const MAX_FREE_PACKETS = 16;

/**
 * A socket attached to a tunnel that was up before must show that the peer is behind it within this
 * time: two tries of a handshake, which are 5 s apart, and a slow path.
 */
const PROOF_TIMEOUT_MS = 15_000;

/** Limits of a connection, to which the grace time is added: they are not to end a wait early. */
const USER_TIMEOUT_MS = 300_000;
const CONNECT_TIMEOUT_MS = 60_000;

/** Which end of a tunnel one is. */
export type TunnelRole = "agent" | "client";

/** What a {@linkcode Tunnel} tells its owner. */
export interface TunnelHandler {
  /** The peer has proved to be behind a newly attached socket, which carries everything from now on. */
  up?(): void;
  /** No socket is left, and why. Streams wait for the next {@linkcode Tunnel.attach}. */
  waiting?(reason: string): void;
  /**
   * A control message that the tunnel has no use for. `proven` is whether it came by a socket behind
   * which the peer has proved to be; any other may be someone else's.
   */
  message?(message: ControlMessage, options: { proven: boolean }): void;
}

/** Options of {@linkcode Tunnel}. */
export interface TunnelOptions {
  /** Decides which of the two addresses is ours. */
  role: TunnelRole;
  /** Index that the hub chose; less than 1 counts as 1, more than 254 as 254. Spec: wire.md 3.3 */
  sessionIdx: number;
  /** Our X25519 private key of this session, 32 bytes; copied. */
  privateKey: Uint8Array;
  /** The peer's public key, 32 bytes; copied. */
  peerPublicKey: Uint8Array;
  /** Largest IP packet sent, in bytes; what the peer sends is bounded by the peer. */
  mtuBytes: number;
  /** Longest time the owner lets it wait for a socket, in ms; connections bear as much. Default 0. */
  graceMs?: number;
  /** Gives the time. */
  clock: Clock;
  /** Cryptographic random source. */
  random: Random;
  /** Told what happens. */
  handler?: TunnelHandler;
}

/** Addresses of the two ends of a session's tunnel. Spec: wire.md 3.4 */
export function tunnelAddresses(sessionIdx: number): { agent: Ipv4Address; client: Ipv4Address } {
  const network = 0x0a4d0000 + (Math.min(Math.max(sessionIdx, 1), 254) << 8);
  return { agent: ipv4Address(network + 1), client: ipv4Address(network + 2) };
}

/**
 * One session between agent and client: TCP connections over WireGuard, over the sockets it is given
 * one after the other. Keys and connections are the tunnel's and outlive every socket; while there is
 * none, connections wait.
 *
 * A socket is `#candidate` until a message that WireGuard accepts has come by it, and `#carrier` from
 * then on. So nobody without the peer's key can take the place of a socket that works, whatever is
 * attached.
 *
 * Spec: wire.md 3.4, 3.5, design.md decision 3
 */
export class Tunnel {
  /** Resolves with the reason once the tunnel has ended; never rejects. */
  readonly closed: Promise<string>;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #handler: TunnelHandler;
  readonly #pool: PacketPool;
  readonly #wireguard: WireGuard;
  readonly #netstack: Netstack;
  readonly #resolveClosed: (reason: string) => void;
  /** Carries everything; absent while the tunnel waits. */
  #carrier: Carrier | undefined;
  /** Attached, and not proven yet. */
  #candidate: Carrier | undefined;
  /** By which the message came that is being handled, and by which its answer goes. */
  #answering: Carrier | undefined;
  #timer: Timer | undefined;
  #timerAtMs = Infinity;
  #ups = 0;
  #ended = false;
  readonly #carrierHandler: CarrierHandler = {
    datagram: (carrier, bytes, start, end) => this.#receive(carrier, bytes, start, end),
    batchEnd: () => this.#flush(),
    congestion: (carrier) => {
      if (carrier === this.#carrier) this.#applyCongestion();
    },
    message: (carrier, message) => this.#onMessage(carrier, message),
    ended: (carrier, reason) => this.#onEnded(carrier, reason),
  };

  /**
   * Joins the layers. The tunnel waits until a socket is attached.
   *
   * @throws {RangeError} if a key has a wrong length or is a low-order point, or the MTU is bad
   */
  constructor(options: TunnelOptions) {
    const { role, sessionIdx, mtuBytes, graceMs = 0, clock, random, handler = {} } = options;
    const closed = Promise.withResolvers<string>();
    this.closed = closed.promise;
    this.#resolveClosed = closed.resolve;
    this.#clock = clock;
    this.#random = random;
    this.#handler = handler;
    this.#pool = new PacketPool({ maxPacketBytes: mtuBytes, maxFree: MAX_FREE_PACKETS });
    const addresses = tunnelAddresses(sessionIdx);
    this.#netstack = new Netstack({
      localAddress: addresses[role],
      peerAddress: addresses[role === "agent" ? "client" : "agent"],
      mtuBytes,
      clock,
      random,
      pool: this.#pool,
      output: (packet) => this.#sendPacket(packet),
      tcp: {
        userTimeoutMs: USER_TIMEOUT_MS + graceMs,
        connectTimeoutMs: CONNECT_TIMEOUT_MS + graceMs,
      },
    });
    this.#netstack.pause();
    this.#wireguard = new WireGuard({
      privateKey: options.privateKey,
      peerPublicKey: options.peerPublicKey,
      persistentKeepaliveMs: PERSISTENT_KEEPALIVE_MS,
      mtuBytes,
      random,
      wallMs: () => clock.wallMs(),
      pool: this.#pool,
      send: (packet) => this.#sendMessage(packet),
      deliver: (bytes, start, end) => {
        this.#netstack.input(bytes, start, end, clock.nowMs());
      },
    });
  }

  /** `up` while the peer is known to be behind a socket, else `waiting`, until it has ended. */
  get state(): "ended" | "up" | "waiting" {
    if (this.#ended) return "ended";
    return this.#carrier === undefined ? "waiting" : "up";
  }

  /** How often it went on by another socket. */
  get resumes(): number {
    return Math.max(0, this.#ups - 1);
  }

  /**
   * Goes on by a socket, behind its signalling; takes it. It replaces the one in use as soon as the
   * peer has proved to be behind it, and one that is still to prove it at once.
   */
  attach(socket: HubSocket): void {
    if (this.#ended) return socket.close();
    this.#candidate?.close();
    const carrier = new Carrier({
      socket,
      pool: this.#pool,
      clock: this.#clock,
      random: this.#random,
      handler: this.#carrierHandler,
    });
    this.#candidate = carrier;
    if (this.#ups > 0) {
      carrier.limit(PROOF_TIMEOUT_MS, "the peer is not behind the new connection");
    }
    this.#prove(carrier);
    carrier.open();
  }

  /** Opens a TCP connection to a port of the peer. */
  connect(options: { port: number; signal?: AbortSignal }): Promise<TcpConn> {
    return this.#netstack.connect(options);
  }

  /** Listens for TCP connections of the peer. */
  listen(options: { port: number }): TcpListener {
    return this.#netstack.listen(options);
  }

  /** Ends the tunnel and its sockets; every connection through it is reset. */
  close(): void {
    this.end("closed");
  }

  /**
   * Ends it as {@linkcode Tunnel.end} does, and tells the peer that it need not wait for us. Not for a
   * reference peer, which would not understand.
   */
  leave(reason: string): void {
    this.#end(reason, () => this.#carrier?.leave());
  }

  /** Ends it for a reason, with which {@linkcode Tunnel.closed} resolves. */
  end(reason: string): void {
    this.#end(reason, () => this.#carrier?.close());
  }

  #end(reason: string, closeCarrier: () => void): void {
    if (this.#ended) return;
    this.#netstack.close();
    this.#ended = true;
    this.#timer?.cancel();
    this.#wireguard.close();
    this.#candidate?.close();
    closeCarrier();
    this.#candidate = this.#carrier = undefined;
    this.#resolveClosed(reason);
  }

  /** Whether there is no socket at all: WireGuard's timers stand still, they would fire for nothing. */
  get #isBare(): boolean {
    return this.#carrier === undefined && this.#candidate === undefined;
  }

  /** Sends what only we can have sent: by it the peer knows that we are behind the carrier. */
  #prove(carrier: Carrier): void {
    const nowMs = this.#clock.nowMs();
    this.#answering = carrier;
    this.#wireguard.tick(nowMs);
    if (this.#wireguard.stats.sessions === 0) this.#wireguard.initiate(nowMs);
    else this.#wireguard.send(this.#pool.take(), nowMs);
    this.#answering = undefined;
    this.#setTimer(nowMs);
  }

  #receive(carrier: Carrier, bytes: Uint8Array<ArrayBuffer>, start: number, end: number): void {
    this.#answering = carrier;
    const result = this.#wireguard.receive(bytes, start, end, this.#clock.nowMs());
    this.#answering = undefined;
    const isAuthentic = result === "data" || result === "keepalive" || result === "handshake";
    if (isAuthentic && carrier === this.#candidate) this.#useCandidate();
  }

  #useCandidate(): void {
    this.#carrier?.close();
    this.#carrier = this.#candidate;
    this.#candidate = undefined;
    this.#carrier?.keep();
    this.#ups++;
    this.#applyCongestion();
    this.#netstack.pathChanged();
    this.#handler.up?.();
  }

  #applyCongestion(): void {
    if (this.#carrier === undefined || this.#carrier.congested) this.#netstack.pause();
    else this.#netstack.resume();
  }

  #onMessage(carrier: Carrier, message: ControlMessage): void {
    const proven = carrier === this.#carrier;
    // Whoever is paired with us can have sent these: they count as far as the peer has proved itself.
    if (message.type === "session-end") {
      if (proven && message.final) this.end("the hub has withdrawn the right to it");
      else carrier.fail("the peer's connection to the hub ended");
    } else if (message.type === "peer-leave") {
      if (proven) this.end("the peer has left");
      else carrier.fail("the peer has left");
    } else this.#handler.message?.(message, { proven });
  }

  #onEnded(carrier: Carrier, reason: string): void {
    if (carrier === this.#candidate) this.#candidate = undefined;
    else if (carrier === this.#carrier) this.#carrier = undefined;
    if (this.#carrier !== undefined || this.#ended) return;
    this.#netstack.pause();
    if (!this.#isBare) return;
    this.#timer?.cancel();
    this.#timerAtMs = Infinity;
    this.#handler.waiting?.(reason);
  }

  #sendPacket(packet: Packet): void {
    // What goes out without a carrier is not data, and TCP makes it anew when there is one.
    if (this.#isBare) return this.#pool.give(packet);
    const nowMs = this.#clock.nowMs();
    this.#wireguard.send(packet, nowMs);
    this.#setTimer(nowMs);
  }

  #sendMessage(packet: Packet): void {
    const carrier = this.#answering ?? this.#carrier ?? this.#candidate;
    if (carrier === undefined) this.#pool.give(packet);
    else carrier.send(packet);
  }

  #flush(): void {
    if (this.#ended) return;
    const nowMs = this.#clock.nowMs();
    this.#netstack.flush(nowMs);
    this.#setTimer(nowMs);
  }

  /** A timer that fires too early costs less than one set anew for each packet. */
  #setTimer(nowMs: number): void {
    const atMs = this.#wireguard.nextDeadlineMs();
    if (this.#ended || this.#isBare || atMs >= this.#timerAtMs) return;
    this.#timer?.cancel();
    this.#timerAtMs = atMs;
    this.#timer = this.#clock.setTimer(() => {
      this.#timerAtMs = Infinity;
      this.#wireguard.tick(this.#clock.nowMs());
      this.#setTimer(this.#clock.nowMs());
    }, atMs - nowMs);
  }
}
