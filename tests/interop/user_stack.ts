import { type Packet, PacketPool } from "../../core/bytes/mod.ts";
import { systemClock as clock, systemRandom as random, type Timer } from "../../core/clock/mod.ts";
import { parseIpv4Address } from "../../core/ip/mod.ts";
import { Netstack } from "../../core/netstack/mod.ts";
import { WireGuard } from "../../core/wireguard/mod.ts";
import type { UdpEnd } from "./udp.ts";

/** Options of {@linkcode UserStack}. */
export interface UserStackOptions {
  /** Its carrier, whose peer is set; stays the caller's. */
  end: UdpEnd;
  /** X25519 private key, 32 bytes. */
  privateKey: Uint8Array;
  /** The peer's public key, 32 bytes. */
  peerPublicKey: Uint8Array;
  /** Own inner address. */
  address: string;
  /** The peer's inner address. */
  peerAddress: string;
  /** MTU of the inner link in bytes. */
  mtuBytes: number;
}

/** Our TCP and WireGuard over a UDP socket. */
export class UserStack implements Disposable {
  /** Front of our TCP. */
  readonly netstack: Netstack;
  /** Our WireGuard. */
  readonly wireguard: WireGuard;
  /** Called with each packet of IP and where it goes; borrows. */
  onPacket: (direction: "in" | "out", packet: Uint8Array) => void = () => {};
  readonly #end: UdpEnd;
  readonly #pool: PacketPool;
  #timer: Timer | undefined;
  #timerAtMs = Infinity;
  #willFlush = false;
  #isClosed = false;

  /** Ready to be connected to; starts a handshake when it has something to send. */
  constructor(o: UserStackOptions) {
    this.#end = o.end;
    const pool = this.#pool = new PacketPool({ maxPacketBytes: o.mtuBytes });
    const { mtuBytes } = o;
    this.netstack = new Netstack({
      localAddress: parseIpv4Address(o.address)!,
      peerAddress: parseIpv4Address(o.peerAddress)!,
      mtuBytes,
      clock,
      random,
      pool,
      output: (packet) => {
        this.onPacket("out", packet.bytes.subarray(packet.start, packet.end));
        const nowMs = clock.nowMs();
        this.wireguard.send(packet, nowMs);
        this.#setTimer(nowMs);
      },
    });
    this.wireguard = new WireGuard({
      privateKey: o.privateKey,
      peerPublicKey: o.peerPublicKey,
      mtuBytes,
      random,
      wallMs: () => clock.wallMs(),
      pool,
      send: (packet) => this.#emit(packet),
      deliver: (bytes, start, end) => {
        this.onPacket("in", bytes.subarray(start, end));
        this.netstack.input(bytes, start, end, clock.nowMs());
      },
    });
    o.end.onDatagram((bytes) => this.#receive(bytes));
  }

  /** Resets every connection and wipes the keys. */
  [Symbol.dispose](): void {
    this.netstack.close();
    this.wireguard.close();
    this.#isClosed = true;
    this.#timer?.cancel();
  }

  #emit(packet: Packet): void {
    this.#end.send(packet.bytes.slice(packet.start, packet.end));
    this.#pool.give(packet);
  }

  #receive(bytes: Uint8Array): void {
    if (this.#isClosed) return;
    const nowMs = clock.nowMs();
    this.wireguard.receive(bytes, 0, bytes.length, nowMs);
    this.#setTimer(nowMs);
    if (this.#willFlush) return;
    this.#willFlush = true;
    // The socket gives one datagram a turn of the microtasks; those that have come make a batch.
    setImmediate(() => {
      this.#willFlush = false;
      if (!this.#isClosed) this.netstack.flush(clock.nowMs());
    });
  }

  /** A timer that fires too early costs less than one set anew for each packet. */
  #setTimer(nowMs: number): void {
    const atMs = this.wireguard.nextDeadlineMs();
    if (this.#isClosed || atMs >= this.#timerAtMs) return;
    this.#timer?.cancel();
    this.#timerAtMs = atMs;
    this.#timer = clock.setTimer(() => {
      this.#timerAtMs = Infinity;
      const tickMs = clock.nowMs();
      this.wireguard.tick(tickMs);
      this.#setTimer(tickMs);
    }, atMs - nowMs);
  }
}
