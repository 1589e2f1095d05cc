/**
 * Debian's `wireguard-go` with the kernel's IP in a namespace, and our WireGuard over UDP against it.
 *
 * @module
 */

import { Buffer } from "node:buffer";
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

const PORT = 51_820;
const MTU = 1420;
const TICK_MS = 20;

/** Inner address of our end. */
export const OUR_INNER = "10.77.1.1";
/** Inner address of wireguard-go's end. */
export const GO_INNER = "10.77.1.2";

const base64 = (key: Uint8Array) => Buffer.from(key).toString("base64");

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
    this.#socket.send(message, PORT, this.#peerAddress, () => this.#unsent--);
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
  /** Where wireguard-go lives. */
  readonly netns: Netns;
  /** Our end. */
  readonly ours: OurEnd;
  readonly #config: string;
  #program: Deno.ChildProcess | undefined;

  private constructor(netns: Netns, ours: OurEnd, config: string) {
    this.netns = netns;
    this.ours = ours;
    this.#config = config;
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
    const lines = [
      "[Interface]",
      `PrivateKey = ${base64(keys.theirs)}`,
      `ListenPort = ${PORT}`,
      "[Peer]",
      `PublicKey = ${base64(publicKey(keys.ours))}`,
      `AllowedIPs = ${OUR_INNER}/32`,
      `Endpoint = ${netns.hostAddress}:${socket.address().port}`,
    ];
    if (o.theirPresharedKey) lines.push(`PresharedKey = ${base64(o.theirPresharedKey)}`);
    const rig = new WireGuardRig(netns, ours, lines.join("\n"));
    try {
      await rig.#start();
      return rig;
    } catch (error) {
      await rig[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Makes wireguard-go forget the peer with its sessions and learn it anew. */
  async forgetSessions(): Promise<void> {
    const key = (await this.wg("show", this.#link, "peers")).trim();
    await this.wg("set", this.#link, "peer", key, "remove");
    await runOk(this.netns.inside("wg", "setconf", this.#link, "/dev/stdin"), this.#config);
  }

  /** Seconds since 1970 of wireguard-go's latest handshake, 0 if none. */
  async latestHandshake(): Promise<number> {
    return Number((await this.wg("show", this.#link, "latest-handshakes")).split("\t")[1]);
  }

  /** Bytes wireguard-go has received and sent. */
  async transfer(): Promise<{ received: number; sent: number }> {
    const [, received, sent] = (await this.wg("show", this.#link, "transfer")).split("\t");
    return { received: Number(received), sent: Number(sent) };
  }

  /** Runs `wg` inside. */
  wg(...args: string[]): Promise<string> {
    return runOk(this.netns.inside("wg", ...args));
  }

  /** Sends `count` echo requests from the kernel inside to our end; whether all were answered. */
  async ping({ count = 1, sizeBytes = 56 }: { count?: number; sizeBytes?: number } = {}): Promise<
    boolean
  > {
    const argv = ["ping", "-n", "-c", `${count}`, "-i", "0.05", "-W", "15", "-s", `${sizeBytes}`];
    const out = await runOk(this.netns.inside(...argv, OUR_INNER));
    return out.includes(` ${count} received`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.ours[Symbol.dispose]();
    await this.netns[Symbol.asyncDispose]();
    await this.#removeControlSocket();
  }

  /** Stops wireguard-go from running: what is sent to it waits in its socket. */
  pause(): void {
    this.#program!.kill("SIGSTOP");
  }

  /** Lets wireguard-go run again. */
  resume(): void {
    this.#program!.kill("SIGCONT");
  }

  get #controlSocket(): string {
    return `/var/run/wireguard/${this.#link}.sock`;
  }

  /** A program that is killed leaves it behind. */
  async #removeControlSocket(): Promise<void> {
    try {
      await Deno.remove(this.#controlSocket);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }

  /** The control socket is named after the link and all namespaces share its folder. */
  get #link(): string {
    return `telawg${this.netns.id}`;
  }

  async #start(): Promise<void> {
    const socketPath = this.#controlSocket;
    await this.#removeControlSocket();
    this.#program = this.netns.start("wireguard-go", "--foreground", this.#link);
    await waitUntil(
      "wireguard-go's control socket",
      () => Deno.lstat(socketPath).then((info) => info.isSocket === true, () => false),
    );
    await runOk(this.netns.inside("wg", "setconf", this.#link, "/dev/stdin"), this.#config);
    const ip = (...args: string[]) => runOk(["ip", "-n", this.netns.name, ...args]);
    await ip("addr", "add", `${GO_INNER}/24`, "dev", this.#link);
    await ip("link", "set", this.#link, "mtu", `${MTU}`, "up");
  }
}
