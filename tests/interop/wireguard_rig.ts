/**
 * Debian's `wireguard-go` with the kernel's IP in a namespace, and our WireGuard over UDP against it.
 *
 * @module
 */

import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { PacketPool } from "../../core/bytes/mod.ts";
import { systemRandom as random } from "../../core/clock/mod.ts";
import {
  generatePrivateKey,
  publicKey,
  type ReceiveResult,
  WireGuard,
} from "../../core/wireguard/mod.ts";
import { Netns, runOk, waitUntil } from "./netns.ts";
import { WIREGUARD_PORT, WireGuardGo } from "./wireguard_go.ts";

const MTU = 1420;
const TICK_MS = 20;

/** Inner address of our end. */
export const OUR_INNER = "10.77.1.1";
/** Inner address of wireguard-go's end. */
export const GO_INNER = "10.77.1.2";

/** Our end: WireGuard over a UDP socket, with a clock that a test may put forward. */
export class OurEnd implements Disposable {
  /** Inner packets received, padding on. */
  readonly delivered: Uint8Array[] = [];
  /** Messages sent, in order. */
  readonly sent: Uint8Array[] = [];
  /** What became of each message received. */
  readonly results: ReceiveResult[] = [];
  /** Called with each inner packet received. */
  onPacket: (packet: Uint8Array) => void = () => {};
  /** Called with each message received before it is handled. */
  beforeReceive: (message: Uint8Array) => void = () => {};
  readonly wireguard: WireGuard;
  readonly #pool = new PacketPool({ maxPacketBytes: MTU });
  readonly #socket: Socket;
  readonly #peerAddress: string;
  readonly #timer: ReturnType<typeof setInterval>;
  #aheadMs = 0;
  #unsent = 0;

  /** Takes a bound socket. */
  constructor(
    o: { socket: Socket; peerAddress: string; keys: Keys; presharedKey?: Uint8Array },
  ) {
    this.#socket = o.socket;
    this.#peerAddress = o.peerAddress;
    this.wireguard = new WireGuard({
      privateKey: o.keys.ours,
      peerPublicKey: publicKey(o.keys.theirs),
      presharedKey: o.presharedKey,
      mtuBytes: MTU,
      random,
      wallMs: Date.now,
      pool: this.#pool,
      send: (packet) => {
        const message = packet.bytes.slice(packet.start, packet.end);
        this.#pool.give(packet);
        this.sent.push(message);
        this.sendRaw(message);
      },
      deliver: (bytes, start, end) => {
        const packet = bytes.slice(start, end);
        this.delivered.push(packet);
        this.onPacket(packet);
      },
    });
    o.socket.on("message", (buffer, { address, port }) => {
      // A copy, since `slice` of a Buffer would not make any later.
      const message = new Uint8Array(buffer);
      this.beforeReceive(message);
      this.results.push(this.receive(message, `${address}:${port}`));
    });
    this.#timer = setInterval(() => this.wireguard.tick(this.nowMs()), TICK_MS);
  }

  /** Monotonic time, as far ahead as the test wants. */
  nowMs(): number {
    return performance.now() + this.#aheadMs;
  }

  /** Puts our clock forward; wireguard-go's stays. */
  putForward(byMs: number): void {
    this.#aheadMs += byMs;
  }

  /** Sends an inner packet. */
  send(inner: Uint8Array): void {
    const packet = this.#pool.take();
    packet.bytes.set(inner, packet.start);
    packet.end = packet.start + inner.length;
    this.wireguard.send(packet, this.nowMs());
  }

  /** Handles a message as if it came from `source`; opens it in place. */
  receive(message: Uint8Array, source: string): ReceiveResult {
    const sourceBytes = new TextEncoder().encode(source);
    return this.wireguard.receive(message, 0, message.length, this.nowMs(), sourceBytes);
  }

  /** Sends bytes to wireguard-go as they are. */
  sendRaw(message: Uint8Array): void {
    this.#unsent++;
    this.#socket.send(message, WIREGUARD_PORT, this.#peerAddress, () => this.#unsent--);
  }

  /** Waits until all messages sent are with the kernel. */
  allSent(): Promise<void> {
    return waitUntil("sending", () => this.#unsent === 0);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.wireguard.close();
    this.#socket.close();
  }
}

/** The private keys of both ends. */
export interface Keys {
  readonly ours: Uint8Array;
  readonly theirs: Uint8Array;
}

/** Both ends, ready to talk; neither has begun. */
export class WireGuardRig implements AsyncDisposable {
  /** Our end. */
  readonly ours: OurEnd;
  readonly #netns: Netns;
  #go: WireGuardGo | undefined;

  private constructor(netns: Netns, ours: OurEnd) {
    this.#netns = netns;
    this.ours = ours;
  }

  /** Starts wireguard-go; our end uses `ourPresharedKey`, wireguard-go `theirPresharedKey`. */
  static async create(
    o: { ourPresharedKey?: Uint8Array; theirPresharedKey?: Uint8Array } = {},
  ): Promise<WireGuardRig> {
    const netns = await Netns.create();
    const socket = createSocket("udp4");
    const keys = { ours: generatePrivateKey(random), theirs: generatePrivateKey(random) };
    socket.bind(0, netns.hostAddress);
    await once(socket, "listening");
    const ours = new OurEnd({
      socket,
      peerAddress: netns.address,
      keys,
      presharedKey: o.ourPresharedKey,
    });
    const rig = new WireGuardRig(netns, ours);
    try {
      rig.#go = await WireGuardGo.start(netns, {
        privateKey: keys.theirs,
        innerAddress: GO_INNER,
        mtuBytes: MTU,
        peer: {
          publicKey: publicKey(keys.ours),
          innerAddress: OUR_INNER,
          endpoint: `${netns.hostAddress}:${socket.address().port}`,
          presharedKey: o.theirPresharedKey,
        },
      });
      return rig;
    } catch (error) {
      await rig[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** The program. */
  get go(): WireGuardGo {
    return this.#go!;
  }

  /** An initiation to wireguard-go, with a valid mac1, of a peer that it does not know. */
  async strangersInitiation(): Promise<Uint8Array> {
    const key = (await this.go.wg("show", this.go.link, "public-key")).trim();
    let initiation!: Uint8Array;
    const stranger = new WireGuard({
      privateKey: generatePrivateKey(random),
      peerPublicKey: Uint8Array.fromBase64(key),
      mtuBytes: MTU,
      random,
      wallMs: Date.now,
      pool: new PacketPool({ maxPacketBytes: MTU }),
      send: (packet) => initiation = packet.bytes.slice(packet.start, packet.end),
      deliver: () => {},
    });
    stranger.initiate(0);
    stranger.close();
    return initiation;
  }

  /** Makes wireguard-go forget the peer with its sessions and learn it anew. */
  async forgetSessions(): Promise<void> {
    const key = (await this.go.wg("show", this.go.link, "peers")).trim();
    await this.go.wg("set", this.go.link, "peer", key, "remove");
    await this.go.configure();
  }

  /** Seconds since 1970 of wireguard-go's latest handshake, 0 if none. */
  async latestHandshake(): Promise<number> {
    const shown = await this.go.wg("show", this.go.link, "latest-handshakes");
    return Number(shown.split("\t")[1]);
  }

  /** Bytes wireguard-go has received and sent. */
  async transfer(): Promise<{ received: number; sent: number }> {
    const shown = await this.go.wg("show", this.go.link, "transfer");
    const [, received, sent] = shown.split("\t");
    return { received: Number(received), sent: Number(sent) };
  }

  /** Sends `count` echo requests from the kernel inside to our end; whether all were answered. */
  async ping({ count = 1, sizeBytes = 56 }: { count?: number; sizeBytes?: number } = {}): Promise<
    boolean
  > {
    const argv = ["ping", "-n", "-c", `${count}`, "-i", "0.05", "-W", "15", "-s", `${sizeBytes}`];
    const out = await runOk(this.#netns.inside(...argv, OUR_INNER));
    return out.includes(` ${count} received`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.ours[Symbol.dispose]();
    await this.#netns[Symbol.asyncDispose]();
    await this.#go?.[Symbol.asyncDispose]();
  }
}
