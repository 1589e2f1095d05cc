import assert from "node:assert/strict";
import { PacketPool } from "../../core/bytes/mod.ts";
import { systemClock, systemRandom } from "../../core/clock/mod.ts";
import { Netstack } from "../../core/netstack/mod.ts";
import { tunnelAddresses } from "../../core/tunnel/mod.ts";
import { WireGuard } from "../../core/wireguard/mod.ts";
import { within } from "../rig/mod.ts";

/** A control message as it came. */
export type Message = { type: string } & Record<string, unknown>;

/** Spec: wire.md 3.4 */
const MTU_BYTES = 1100;

/** Header, WireGuard and an IP packet of that MTU, which a peer with a larger one pads to 16 bytes. */
export const MAX_FRAME_BYTES = 7 + 32 + 1104;

const HEADER_BYTES = 7;
const CONTROL = 0x01;

/** A socket of a peer that is not ours, by the WebSocket of the platform. */
export class ReferenceSocket {
  /** All that came, in order: messages, and binary messages by their bytes. */
  readonly received: (Message | Uint8Array<ArrayBuffer>)[] = [];
  /** Resolves with the code and the reason of the end. */
  readonly closed: Promise<{ code: number; reason: string }>;
  /** Takes binary messages; undefined while nobody does. */
  onFrame: ((bytes: Uint8Array<ArrayBuffer>) => void) | undefined;
  readonly #socket: WebSocket;
  readonly #seen = new Set<unknown>();
  #wake = Promise.withResolvers<void>();

  /** Takes a socket. */
  constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.binaryType = "arraybuffer";
    const closed = Promise.withResolvers<{ code: number; reason: string }>();
    this.closed = closed.promise;
    socket.onclose = ({ code, reason }) => closed.resolve({ code, reason });
    // What went wrong is told by the close that follows.
    socket.onerror = () => {};
    socket.onmessage = ({ data }) => {
      const message = typeof data === "string" ? JSON.parse(data) : new Uint8Array(data);
      this.received.push(message);
      if (typeof data !== "string") this.onFrame?.(message);
      this.#wake.resolve();
      this.#wake = Promise.withResolvers();
    };
  }

  /** Dials a hub and sends the first message. */
  static async dial(url: string, first: Message): Promise<ReferenceSocket> {
    const socket = new WebSocket(url);
    const opened = Promise.withResolvers<void>();
    socket.onopen = () => opened.resolve();
    const peer = new ReferenceSocket(socket);
    await Promise.race([opened.promise, peer.closed.then(() => assert.fail("it was refused"))]);
    peer.send(first);
    return peer;
  }

  /** Binary messages that came. */
  get frames(): Uint8Array<ArrayBuffer>[] {
    return this.received.filter((message) => message instanceof Uint8Array);
  }

  /** The first message of this type that was not asked for before. */
  async next(type: string): Promise<Message> {
    const find = async () => {
      for (;;) {
        const found = this.received.find((m): m is Message =>
          !(m instanceof Uint8Array) && m.type === type && !this.#seen.has(m)
        );
        this.#seen.add(found);
        if (found !== undefined) return found;
        await this.#wake.promise;
      }
    };
    return await within(find(), { what: `a message "${type}"` });
  }

  /** Sends a message with a line feed behind it, as the reference does, or bytes. */
  send(message: Message | string | Uint8Array<ArrayBuffer>): void {
    const isText = typeof message === "string" || message instanceof Uint8Array;
    this.#socket.send(isText ? message : JSON.stringify(message) + "\n");
  }

  /** Closes it and waits for that. */
  async close(code?: number, reason?: string): Promise<void> {
    this.#socket.close(code, reason);
    await this.closed;
  }
}

/** A hub whose every word a test says. */
export class ReferenceHub implements AsyncDisposable {
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  readonly #sockets: ReferenceSocket[] = [];
  #wake = Promise.withResolvers<void>();

  /** Listens on a port that the system picks. */
  constructor() {
    this.#server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, (request) => {
      const { socket, response } = Deno.upgradeWebSocket(request, { idleTimeout: 0 });
      const peer = new ReferenceSocket(socket);
      socket.onopen = () => {
        this.#sockets.push(peer);
        this.#wake.resolve();
        this.#wake = Promise.withResolvers();
      };
      return response;
    });
  }

  /** Where peers dial it. */
  get url(): string {
    return `ws://127.0.0.1:${this.#server.addr.port}`;
  }

  /** The next socket that a peer has opened. */
  async next(): Promise<ReferenceSocket> {
    const find = async () => {
      while (this.#sockets.length === 0) await this.#wake.promise;
      return this.#sockets.shift()!;
    };
    return await within(find(), { what: "a peer that dials the hub" });
  }

  /** Stops; peers are to be gone. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }
}

/** Options of {@linkcode ReferenceTunnel}. */
export interface ReferenceTunnelOptions {
  /** Paired with the peer. */
  socket: ReferenceSocket;
  /** Which end it is. */
  role: "agent" | "client";
  /** As agreed. */
  sessionIdx: number;
  /** 32 bytes. */
  privateKey: Uint8Array;
  /** 32 bytes. */
  peerPublicKey: Uint8Array;
}

/**
 * The tunnel of a peer of the reference: an MTU of 1100, the WebSocket alone, no hello, no resumption;
 * it initiates at once, and answers a request for a sign of life. Spec: wire.md 3.4, 4
 */
export class ReferenceTunnel implements Disposable {
  /** Opens and takes connections. */
  readonly netstack: Netstack;
  /** Answers to our own requests for a sign of life. */
  answers = 0;
  readonly #socket: ReferenceSocket;
  readonly #wireguard: WireGuard;

  /** Starts with a handshake. */
  constructor({ socket, role, sessionIdx, privateKey, peerPublicKey }: ReferenceTunnelOptions) {
    this.#socket = socket;
    const nowMs = () => systemClock.nowMs();
    const pool = new PacketPool({ maxPacketBytes: MTU_BYTES });
    const { agent, client } = tunnelAddresses(sessionIdx);
    this.netstack = new Netstack({
      localAddress: role === "agent" ? agent : client,
      peerAddress: role === "agent" ? client : agent,
      mtuBytes: MTU_BYTES,
      clock: systemClock,
      random: systemRandom,
      pool,
      output: (packet) => this.#wireguard.send(packet, nowMs()),
    });
    this.#wireguard = new WireGuard({
      privateKey,
      peerPublicKey,
      mtuBytes: MTU_BYTES,
      random: systemRandom,
      wallMs: () => systemClock.wallMs(),
      pool,
      send: (packet) => {
        this.#send(0, packet.bytes.slice(packet.start, packet.end));
        pool.give(packet);
      },
      deliver: (bytes, start, end) => void this.netstack.input(bytes, start, end, nowMs()),
    });
    socket.onFrame = (bytes) => this.#onFrame(bytes);
    this.#wireguard.initiate(nowMs());
  }

  /** Asks for a sign of life. */
  request(): void {
    this.#send(CONTROL, new Uint8Array([1]));
  }

  /** Ends it; the socket is left alone. */
  [Symbol.dispose](): void {
    this.#socket.onFrame = undefined;
    this.netstack.close();
    this.#wireguard.close();
  }

  #send(flags: number, payload: Uint8Array): void {
    const frame = new Uint8Array(HEADER_BYTES + payload.length);
    frame.set([0x54, 0, flags, 0x2b, 0xff, 0xc4, 0x01]);
    frame.set(payload, HEADER_BYTES);
    this.#socket.send(frame);
  }

  #onFrame(bytes: Uint8Array<ArrayBuffer>): void {
    if (bytes[2] !== CONTROL) {
      const nowMs = systemClock.nowMs();
      this.#wireguard.receive(bytes.slice(), HEADER_BYTES, bytes.length, nowMs);
      return this.netstack.flush(nowMs);
    }
    if (bytes[HEADER_BYTES] === 1) this.#send(CONTROL, new Uint8Array([2]));
    if (bytes[HEADER_BYTES] === 2) this.answers++;
  }
}
