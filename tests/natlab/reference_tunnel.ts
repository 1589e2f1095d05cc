import { PacketPool } from "../../core/bytes/mod.ts";
import { type Endpoint, makeEndpoint, parseEndpoint } from "../../core/endpoint/mod.ts";
import { Netstack } from "../../core/netstack/mod.ts";
import type { HubSocket } from "../../core/path/mod.ts";
import {
  readRelayFrame,
  RELAY_HEADER_BYTES,
  RelayControl,
  RelayFlags,
  writeRelayHeader,
} from "../../core/relay/mod.ts";
import { looksLikeStun, StunClient } from "../../core/stun/mod.ts";
import { tunnelAddresses } from "../../core/tunnel/mod.ts";
import { WireGuard } from "../../core/wireguard/mod.ts";
import type { Host, Socket } from "./host.ts";
import type { Lab } from "./lab.ts";

const MTU_BYTES = 1100;
const TOKEN_BYTES = 8;
const READY_BYTES = 13;
const encode = (text: string) => new TextEncoder().encode(text);
const PUNCH = encode("TPUNCH");

/** Options of {@linkcode ReferenceTunnel}. */
export interface ReferenceTunnelOptions {
  /** Its machine. */
  host: Host;
  /** Its WebSocket to the hub. */
  socket: HubSocket;
  /** Its own key. */
  privateKey: Uint8Array;
  /** The key of the client. */
  peerPublicKey: Uint8Array;
  /** Time between the hub's offer of UDP and its use, ms. */
  udpAfterMs: number;
}

/**
 * An agent that keeps the reference's rules for paths, flaws included, around a real WireGuard and TCP.
 * Its punching is that of {@linkcode import("./reference_peer.ts").ReferencePeer}. Spec: wire.md 5
 */
export class ReferenceTunnel {
  readonly netstack: Netstack;
  readonly #lab: Lab;
  readonly #options: ReferenceTunnelOptions;
  readonly #wireguard: WireGuard;
  readonly #socket: Socket;
  #token = new Uint8Array(TOKEN_BYTES);
  #hub: Endpoint | undefined;
  #usesRelay = false;
  #stun: StunClient | undefined;
  #direct: Endpoint | undefined;
  #punchUntilMs = -Infinity;

  /** Attaches to its socket and starts a handshake. */
  constructor(lab: Lab, options: ReferenceTunnelOptions) {
    this.#lab = lab;
    this.#options = options;
    const { clock, rng } = lab;
    const pool = new PacketPool({ maxPacketBytes: MTU_BYTES });
    const { agent, client } = tunnelAddresses(7);
    const common = { clock, random: rng.fill, pool, mtuBytes: MTU_BYTES };
    this.netstack = new Netstack({
      ...common,
      localAddress: agent,
      peerAddress: client,
      output: (packet) => this.#wireguard.send(packet, clock.nowMs()),
    });
    this.#wireguard = new WireGuard({
      ...common,
      privateKey: options.privateKey,
      peerPublicKey: options.peerPublicKey,
      persistentKeepaliveMs: 25_000,
      wallMs: () => clock.wallMs(),
      send: (packet) => {
        packet.start -= RELAY_HEADER_BYTES;
        writeRelayHeader(packet.bytes, packet.start, RelayFlags.data, 1);
        this.#send(packet.bytes.slice(packet.start, packet.end));
        pool.give(packet);
      },
      deliver: (bytes, start, end) => void this.netstack.input(bytes, start, end, clock.nowMs()),
    });
    this.#socket = options.host.bind((bytes, source) => {
      this.#onDatagram(bytes, source);
      this.netstack.flush(clock.nowMs());
    });
    options.socket.attach({
      frame: (bytes, start, end) => this.#onFrame(bytes, start, end),
      batchEnd: () => this.netstack.flush(clock.nowMs()),
      offer: ({ token, port, host }) => {
        this.#token = Uint8Array.fromHex(token);
        this.#hub = makeEndpoint(host!, port)!;
        clock.setTimer(() => this.#sendToHub(encode("PROBE")), options.udpAfterMs);
      },
    });
    this.#wireguard.initiate(clock.nowMs());
    this.#tick();
    this.#readMessages();
  }

  /** Whether it believes in a direct path. */
  get isDirect(): boolean {
    return this.#direct !== undefined;
  }

  /** Ends it. */
  close(): void {
    this.netstack.close();
    this.#wireguard.close();
    this.#options.socket.close();
    this.#socket.close();
  }

  #tick(): void {
    const { clock } = this.#lab;
    this.#wireguard.tick(clock.nowMs());
    if (this.#wireguard.nextDeadlineMs() < Infinity) clock.setTimer(() => this.#tick(), 100);
  }

  #send(frame: Uint8Array): void {
    if (this.#direct !== undefined) this.#socket.send(frame, this.#direct);
    else if (this.#usesRelay) this.#sendToHub(frame);
    else this.#options.socket.sendFrame(frame, 0, frame.length);
  }

  #sendToHub(bytes: Uint8Array): void {
    this.#socket.send(Uint8Array.of(...this.#token, ...bytes), this.#hub!);
  }

  #onFrame(bytes: Uint8Array<ArrayBuffer>, start: number, end: number): void {
    if (readRelayFrame(bytes, start, end) !== "control") {
      return this.#open(bytes, start + RELAY_HEADER_BYTES, end);
    }
    if (bytes[start + RELAY_HEADER_BYTES] !== RelayControl.keepaliveRequest) return;
    const answer = bytes.slice(start, end);
    answer[RELAY_HEADER_BYTES] = RelayControl.keepaliveResponse;
    this.#options.socket.sendFrame(answer, 0, answer.length);
  }

  #onDatagram(bytes: Uint8Array<ArrayBuffer>, source: Endpoint): void {
    if (looksLikeStun(bytes)) this.#onStun(bytes, source);
    else if (source.text === this.#hub?.text) {
      if (bytes.length === READY_BYTES) this.#onReady();
      else this.#open(bytes, TOKEN_BYTES + RELAY_HEADER_BYTES, bytes.length);
    } else if (new TextDecoder().decode(bytes) === "TPUNCH") {
      this.#direct = source;
      this.#punchUntilMs = -Infinity;
    } else if (source.text === this.#direct?.text) {
      this.#open(bytes, RELAY_HEADER_BYTES, bytes.length);
    }
  }

  #onReady(): void {
    this.#usesRelay = true;
    this.#stun = new StunClient({
      servers: this.#lab.stunServers.slice(0, 1),
      random: this.#lab.rng.fill,
      send: (bytes, to) => void this.#socket.send(bytes, to),
    });
    this.#stun.tick(this.#lab.clock.nowMs());
  }

  #onStun(bytes: Uint8Array, source: Endpoint): void {
    const nowMs = this.#lab.clock.nowMs();
    if (this.#stun?.receive(bytes, { source, nowMs }) !== "mapped") return;
    const [result] = this.#stun.results;
    if (result?.state !== "mapped") return;
    this.#options.socket.send({ type: "peer-endpoint", message: result.mapped.text });
  }

  async #readMessages(): Promise<void> {
    const { socket } = this.#options;
    for (let m = await socket.next(); m !== undefined; m = await socket.next()) {
      if (m.type !== "peer-endpoint" || !this.#usesRelay || this.isDirect) continue;
      const endpoint = parseEndpoint(m.message)!;
      this.#punchUntilMs = this.#lab.clock.nowMs() + 5_000;
      this.#lab.clock.setTimer(() => this.#punch(endpoint), 100);
    }
  }

  #punch(to: Endpoint): void {
    const { clock } = this.#lab;
    if (clock.nowMs() > this.#punchUntilMs) return;
    this.#socket.send(PUNCH, to);
    clock.setTimer(() => this.#punch(to), 100);
  }

  #open(bytes: Uint8Array<ArrayBuffer>, start: number, end: number): void {
    this.#wireguard.receive(bytes, start, end, this.#lab.clock.nowMs());
  }
}
