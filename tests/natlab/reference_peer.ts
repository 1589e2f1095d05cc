import type { PeerCandidates, PeerEndpoint } from "../../core/control/mod.ts";
import { type Endpoint, parseEndpoint } from "../../core/endpoint/mod.ts";
import { looksLikeStun, StunClient } from "../../core/stun/mod.ts";
import type { Rng, SimClock } from "../simnet/mod.ts";
import type { Host, Socket } from "./host.ts";
import { openMessage, sealMessage } from "./message.ts";
import { type LabPeer, type Mailbox, SECRET } from "./peer.ts";

const PUNCH = new TextEncoder().encode("TPUNCH");

/** Options of {@linkcode ReferencePeer}. */
export interface ReferencePeerOptions {
  /** Its machine. */
  host: Host;
  /** Times it. */
  clock: SimClock;
  /** Its randomness. */
  rng: Rng;
  /** The one STUN server that it asks. */
  stunServer: Endpoint;
}

/**
 * A peer that keeps the reference's rules of punching, flaws included: it ignores an endpoint that comes
 * too early, stops punching at the first punch it hears, goes direct on one, never answers one and
 * never leaves the direct path. Spec: wire.md 5.4, 5.5
 */
export class ReferencePeer implements LabPeer {
  readonly received: Map<number, "direct" | "relay"> = new Map();
  readonly #options: ReferencePeerOptions;
  readonly #socket: Socket;
  #stun: StunClient | undefined;
  #mailbox: Mailbox | undefined;
  #udpActive = false;
  #punchUntilMs = -Infinity;
  #direct: Endpoint | undefined;

  /** Binds its socket; UDP is not active before {@linkcode ReferencePeer.start}. */
  constructor(options: ReferencePeerOptions) {
    this.#options = options;
    this.#socket = options.host.bind((bytes, source) => this.#onDatagram(bytes, source));
  }

  get isDirect(): boolean {
    return this.#direct !== undefined;
  }

  connect(to: Mailbox): void {
    this.#mailbox = to;
  }

  /** The UDP relay works: asks STUN, once. */
  start(): void {
    const { stunServer, rng, clock } = this.#options;
    this.#udpActive = true;
    this.#stun = new StunClient({
      servers: [stunServer],
      random: rng.fill,
      send: (bytes, to) => void this.#socket.send(bytes, to),
    });
    this.#stun.tick(clock.nowMs());
  }

  control(message: PeerCandidates | PeerEndpoint): void {
    if (message.type !== "peer-endpoint" || !this.#udpActive || this.isDirect) return;
    const endpoint = parseEndpoint(message.message)!;
    this.#punchUntilMs = this.#options.clock.nowMs() + 5_000;
    this.#options.clock.setTimer(() => this.#punch(endpoint), 100);
  }

  frame(bytes: Uint8Array): void {
    this.#onFrame(bytes, "relay");
  }

  sendData(id: number): "direct" | "relay" {
    this.#reply(sealMessage({ kind: "data", id }, SECRET));
    return this.isDirect ? "direct" : "relay";
  }

  #reply(bytes: Uint8Array): void {
    if (this.#direct !== undefined) this.#socket.send(bytes, this.#direct);
    else this.#mailbox?.frame(bytes);
  }

  #punch(to: Endpoint): void {
    const { clock } = this.#options;
    if (clock.nowMs() > this.#punchUntilMs) return;
    this.#socket.send(PUNCH, to);
    clock.setTimer(() => this.#punch(to), 100);
  }

  #onDatagram(bytes: Uint8Array<ArrayBuffer>, source: Endpoint): void {
    const nowMs = this.#options.clock.nowMs();
    if (looksLikeStun(bytes)) {
      if (this.#stun?.receive(bytes, { source, nowMs }) !== "mapped") return;
      const [result] = this.#stun.results;
      if (result?.state !== "mapped") return;
      this.#mailbox?.control({ type: "peer-endpoint", message: result.mapped.text });
    } else if (new TextDecoder().decode(bytes) === "TPUNCH") {
      this.#direct = source;
      this.#punchUntilMs = -Infinity;
    } else if (source.text === this.#direct?.text) {
      this.#onFrame(bytes, "direct");
    }
  }

  #onFrame(bytes: Uint8Array, way: "direct" | "relay"): void {
    const message = openMessage(bytes, SECRET);
    if (message?.kind === "data") this.received.set(message.id, way);
    // Its stack answers pings by whatever path its packets take.
    if (message?.kind === "ping") {
      this.#reply(sealMessage({ kind: "pong", id: message.id }, SECRET));
    }
  }
}
