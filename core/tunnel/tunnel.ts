import { type Packet, PacketPool, type Random } from "../bytes/mod.ts";
import type { Clock, Timer } from "../clock/mod.ts";
import { type Ipv4Address, ipv4Address } from "../ip/mod.ts";
import { Netstack, type TcpConn, type TcpListener } from "../netstack/mod.ts";
import { type HubSocket, SessionPath } from "../path/mod.ts";
import { WireGuard } from "../wireguard/mod.ts";

/** Spec: wire.md 3.4 */
const PERSISTENT_KEEPALIVE_MS = 25_000;

/** A packet is sealed and copied before the next is made: few are ever lent at once. */
const MAX_FREE_PACKETS = 16;

/** Which end of a tunnel one is. */
export type TunnelRole = "agent" | "client";

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
  /** Socket of the session, behind its signalling; taken. */
  socket: HubSocket;
  /** Largest IP packet sent, in bytes; what the peer sends is bounded by the peer. */
  mtuBytes: number;
  /** Gives the time. */
  clock: Clock;
  /** Cryptographic random source. */
  random: Random;
}

/** Addresses of the two ends of a session's tunnel. Spec: wire.md 3.4 */
export function tunnelAddresses(sessionIdx: number): { agent: Ipv4Address; client: Ipv4Address } {
  const network = 0x0a4d0000 + (Math.min(Math.max(sessionIdx, 1), 254) << 8);
  return { agent: ipv4Address(network + 1), client: ipv4Address(network + 2) };
}

/**
 * One session between agent and client: TCP connections over WireGuard over the session's path. It
 * ends when its socket does, when the peer ends it or falls silent, or when it is closed.
 *
 * Spec: wire.md 3.4, 3.5
 */
export class Tunnel {
  /** Resolves with the reason once the tunnel has ended; never rejects. */
  readonly closed: Promise<string>;
  readonly #clock: Clock;
  readonly #socket: HubSocket;
  readonly #path: SessionPath;
  readonly #wireguard: WireGuard;
  readonly #netstack: Netstack;
  readonly #resolveClosed: (reason: string) => void;
  #timer: Timer | undefined;
  #timerAtMs = Infinity;
  #ended = false;

  /**
   * Joins the layers and starts a handshake.
   *
   * @throws {RangeError} if a key has a wrong length or is a low-order point, or the MTU is bad
   */
  constructor(options: TunnelOptions) {
    const { role, sessionIdx, socket, mtuBytes, clock, random } = options;
    const closed = Promise.withResolvers<string>();
    this.closed = closed.promise;
    this.#resolveClosed = closed.resolve;
    this.#clock = clock;
    this.#socket = socket;
    const pool = new PacketPool({ maxPacketBytes: mtuBytes, maxFree: MAX_FREE_PACKETS });
    const addresses = tunnelAddresses(sessionIdx);
    this.#netstack = new Netstack({
      localAddress: addresses[role],
      peerAddress: addresses[role === "agent" ? "client" : "agent"],
      mtuBytes,
      clock,
      random,
      pool,
      output: (packet) => this.#sendPacket(packet),
    });
    this.#path = new SessionPath({
      socket,
      pool,
      clock,
      random,
      handler: {
        datagram: (bytes, start, end) => {
          this.#wireguard.receive(bytes, start, end, clock.nowMs());
        },
        batchEnd: () => this.#flush(),
        congested: () => this.#netstack.pause(),
        writable: () => this.#netstack.resume(),
        silent: () => this.#end("the peer has not answered for 45 s"),
      },
    });
    this.#wireguard = new WireGuard({
      privateKey: options.privateKey,
      peerPublicKey: options.peerPublicKey,
      persistentKeepaliveMs: PERSISTENT_KEEPALIVE_MS,
      mtuBytes,
      random,
      wallMs: () => clock.wallMs(),
      pool,
      send: (packet) => this.#path.send(packet),
      deliver: (bytes, start, end) => {
        this.#netstack.input(bytes, start, end, clock.nowMs());
      },
    });
    this.#wireguard.initiate(clock.nowMs());
    this.#path.open();
    this.#watchSocket();
  }

  /** Opens a TCP connection to a port of the peer. */
  connect(options: { port: number; signal?: AbortSignal }): Promise<TcpConn> {
    return this.#netstack.connect(options);
  }

  /** Listens for TCP connections of the peer, each handed over at its SYN. */
  listen(options: { port: number }): TcpListener {
    return this.#netstack.listen({ ...options, atSyn: true });
  }

  /** Ends the tunnel and its socket; every connection through it is reset. */
  close(): void {
    this.#end("closed");
  }

  #sendPacket(packet: Packet): void {
    const nowMs = this.#clock.nowMs();
    this.#wireguard.send(packet, nowMs);
    this.#setTimer(nowMs);
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
    if (this.#ended || atMs >= this.#timerAtMs) return;
    this.#timer?.cancel();
    this.#timerAtMs = atMs;
    this.#timer = this.#clock.setTimer(() => {
      this.#timerAtMs = Infinity;
      this.#wireguard.tick(this.#clock.nowMs());
      this.#setTimer(this.#clock.nowMs());
    }, atMs - nowMs);
  }

  async #watchSocket(): Promise<void> {
    for (let m = await this.#socket.next(); m !== undefined; m = await this.#socket.next()) {
      if (m.type === "session-end") this.#end("the peer has left");
    }
    const { code, reason } = await this.#socket.closed;
    this.#end(`the hub connection ended (${code}${reason && ` ${reason}`})`);
  }

  #end(reason: string): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#timer?.cancel();
    this.#netstack.close();
    this.#wireguard.close();
    this.#path.close();
    this.#socket.close();
    this.#resolveClosed(reason);
  }
}
