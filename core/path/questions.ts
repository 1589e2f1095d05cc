import type { Packet, PacketPool, Random } from "../bytes/mod.ts";
import type { Clock } from "../clock/mod.ts";
import { type Ipv4Address, PROTOCOL_ICMP } from "../ip/mod.ts";
import type { Carrier } from "./carrier.ts";
import { IPV4_PROTOCOL_AT, readEchoAnswer, writeEchoProbe } from "./echo_probe.ts";
import type { PathKind } from "./kind.ts";
import type { LivenessTimes } from "./liveness.ts";
import { BASE_MTU_BYTES } from "./mtu_search.ts";
import type { Path } from "./path.ts";
import {
  isPathMessage,
  PATH_MESSAGE_BYTES,
  type PathMessage,
  readPathMessage,
  writePathMessage,
} from "./path_message.ts";

/**
 * How long a reference peer may leave a question on the WebSocket unanswered, in ms: with the 4 s
 * before it that makes 10 s. In the first seconds of a session it does not read while it probes
 * for UDP, 2 s for each of three hosts. Spec: wire.md 5.2
 */
const REFERENCE_DEAD_AFTER_MS = 5_900;
const REFERENCE_START_MS = 20_000;
const REFERENCE_START_DEAD_AFTER_MS = 8_000;

/** The same if it has never answered one: whether it does at all is not known. Spec: wire.md 4.3 */
const NEVER_ANSWERED_DEAD_AFTER_MS = 45_000;

/**
 * The end that does not ask first asks this long after the last evidence, in ms: late enough that the
 * other's question, which is evidence, comes before, and early enough to be done within 10 s.
 */
const SECOND_IDLE_MS = 4_800;

/** What our own peers tell with an answer. */
export interface PeerAnswer {
  /** Authentic packets that it has received by the path, 32 bits; 0 if it has no such path yet. */
  receivedPackets: number;
  /** Largest IP packet that it expects by the path, in bytes. */
  limitBytes: number;
}

/** A question of the peer, or its answer to one of ours. */
export type PeerMessage =
  | { type: "answer"; path: PathKind; seq: number; peer: PeerAnswer | undefined }
  | { type: "question"; path: PathKind; seq: number; unanswered: number };

/** What {@linkcode Questions} needs of the tunnel. */
export interface QuestionsHandler {
  /** Seals an inner packet, which it takes, and sends it by `carrier`. */
  seal(packet: Packet, carrier: Carrier): void;
  /** Whether there has been a session, so that something can be sealed. */
  isReady(): boolean;
  /** Asks the peer by the WebSocket in the manner that every peer understands. */
  request(carrier: Carrier): void;
}

/** Options of {@linkcode Questions}. */
export interface QuestionsOptions {
  /** Where packets come from. */
  pool: PacketPool;
  /** Gives the time. */
  clock: Clock;
  /** Chooses an identifier. */
  random: Random;
  /** Addresses in the tunnel. */
  addresses: { local: Ipv4Address; peer: Ipv4Address };
  /** Whether this is the one of two ends that asks when a path is idle. */
  asksFirst: boolean;
  /** The tunnel. */
  handler: QuestionsHandler;
}

/**
 * How the peer is asked whether a path works: one of ours by path messages, a reference peer by a
 * request on the WebSocket and by pings of its address in the tunnel elsewhere.
 *
 * Spec: wire.md 4.3
 */
export class Questions {
  /** Whether the peer knows path messages. */
  peerIsOurs = false;
  /** Whether the peer has ever answered a request. */
  requestsAnswered = false;
  readonly #options: QuestionsOptions;
  readonly #echoId: number;
  readonly #startMs: number;

  /** Asks as every peer understands, until it is known to be ours. */
  constructor(options: QuestionsOptions) {
    this.#options = options;
    this.#startMs = options.clock.nowMs();
    const id = new Uint16Array(1);
    options.random(new Uint8Array(id.buffer));
    this.#echoId = id[0]!;
  }

  /** Asks by a carrier that may become a path, by a number of the caller's. */
  probe(carrier: Carrier, seq: number): void {
    if (!this.#options.handler.isReady()) return;
    const { kind: path } = carrier;
    const lengthBytes = PATH_MESSAGE_BYTES;
    if (!this.peerIsOurs) return this.#echo(carrier, seq);
    this.#say(carrier, { type: "ping", path, seq, count: 0, extra: 0, lengthBytes });
  }

  /** Asks by a path. `lengthBytes` of a padded question need a peer of ours. */
  ask(
    path: Path,
    nowMs: number,
    { isLoaded, lengthBytes = PATH_MESSAGE_BYTES }: { isLoaded: boolean; lengthBytes?: number },
  ): void {
    const { carrier, meter, liveness } = path;
    const { handler } = this.#options;
    if (!handler.isReady()) return;
    const seq = meter.ask(nowMs, { isLoaded });
    if (this.peerIsOurs) {
      if (lengthBytes > PATH_MESSAGE_BYTES) path.mtuAsked(seq, lengthBytes);
      const extra = Math.min(Math.max(liveness.unanswered - 1, 0), 0xffff);
      const count = (meter.sentPackets + 1) >>> 0;
      this.#say(carrier, { type: "ping", path: carrier.kind, seq, count, extra, lengthBytes });
    } else if (carrier.kind === "websocket") {
      path.countSent(0);
      handler.request(carrier);
    } else this.#echo(carrier, seq);
  }

  /** Answers question `seq` of a peer of ours, by the carrier it came by; it may be no path yet. */
  answer(carrier: Carrier, seq: number, path: Path | undefined): void {
    this.#say(carrier, {
      type: "pong",
      path: carrier.kind,
      seq,
      // The question itself has not been counted yet.
      count: path === undefined ? 0 : (path.receivedPackets + 1) >>> 0,
      extra: path?.receiveLimitBytes ?? BASE_MTU_BYTES,
      lengthBytes: PATH_MESSAGE_BYTES,
    });
  }

  /** Reads an authentic inner packet; `undefined` if it is for the stack. */
  read(bytes: Uint8Array, start: number, end: number): PeerMessage | "malformed" | undefined {
    if (!isPathMessage(bytes[start])) {
      // Every packet of a transfer comes here: it costs two bytes to dismiss one.
      if (bytes[start + IPV4_PROTOCOL_AT] !== PROTOCOL_ICMP) return undefined;
      const echo = readEchoAnswer(bytes, { start, end, id: this.#echoId });
      return echo && { type: "answer", ...echo, peer: undefined };
    }
    const message = readPathMessage(bytes, start, end);
    if (message === undefined) return "malformed";
    const { type, path, seq, count, extra } = message;
    if (type === "ping") return { type: "question", path, seq, unanswered: extra };
    const peer = { receivedPackets: count, limitBytes: extra };
    return { type: "answer", path, seq, peer };
  }

  /** When to ask by a path, and how long to wait. */
  times(kind: PathKind, nowMs: number): LivenessTimes {
    if (this.peerIsOurs) return this.#options.asksFirst ? {} : { idleMs: SECOND_IDLE_MS };
    if (kind !== "websocket") return {};
    if (!this.requestsAnswered) return { deadAfterMs: NEVER_ANSWERED_DEAD_AFTER_MS };
    const isStart = nowMs - this.#startMs < REFERENCE_START_MS;
    return { deadAfterMs: isStart ? REFERENCE_START_DEAD_AFTER_MS : REFERENCE_DEAD_AFTER_MS };
  }

  #echo(carrier: Carrier, seq: number): void {
    const { pool, addresses, handler } = this.#options;
    const packet = pool.take();
    const { local: source, peer: destination } = addresses;
    writeEchoProbe(packet, { path: carrier.kind, seq, source, destination, id: this.#echoId });
    handler.seal(packet, carrier);
  }

  #say(carrier: Carrier, message: PathMessage): void {
    const packet = this.#options.pool.take();
    writePathMessage(packet, message);
    this.#options.handler.seal(packet, carrier);
  }
}
