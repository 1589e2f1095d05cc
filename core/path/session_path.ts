import type { Packet, PacketPool, Random } from "../bytes/mod.ts";
import type { Clock, Timer } from "../clock/mod.ts";
import type { UdpOffer } from "../control/mod.ts";
import {
  readRelayFrame,
  RELAY_HEADER_BYTES,
  RelayControl,
  RelayFlags,
  writeRelayHeader,
} from "../relay/mod.ts";
import type { HubSocket } from "./hub_socket.ts";

/** Text keepalive and in-band request, each. Spec: wire.md 1.3, 4.3 */
const KEEPALIVE_INTERVAL_MS = 30_000;

/**
 * Bytes in the socket's queue above which the path asks its user to wait. It is what bulk traffic adds
 * to the latency of everything else on the socket: 4 ms at 1 Gbit/s.
 */
const CONGESTED_BYTES = 512 * 1024;

/**
 * Bytes in the socket's queue at which nothing more is put there. Data waits long before; what is left
 * are answers, which a peer could ask for without end while it reads none.
 */
const FULL_BYTES = 4 * CONGESTED_BYTES;

/** Receives what arrives on a {@linkcode SessionPath}. */
export interface DatagramHandler {
  /** A WireGuard message, borrowed until the call returns; it may be changed in place. */
  datagram(bytes: Uint8Array<ArrayBuffer>, start: number, end: number): void;
  /** All messages of one read have been handed over. */
  batchEnd(): void;
  /** The queue is long enough: data should wait until `writable`. What is sent anyway is queued. */
  congested(): void;
  /** The queue is short again. */
  writable(): void;
  /** The peer has answered a request: see {@linkcode SessionPath.request}. */
  answered(): void;
  /** The hub offers to relay by UDP. */
  offer(offer: UdpOffer): void;
}

/** Options of {@linkcode SessionPath}. */
export interface SessionPathOptions {
  /** Socket of the session, behind its signalling; borrowed. */
  socket: HubSocket;
  /** Where sent packets come from and go back to. */
  pool: PacketPool;
  /** Times the keepalives. */
  clock: Clock;
  /** Chooses the session id in the frames. */
  random: Random;
  /** Receives what arrives. */
  handler: DatagramHandler;
}

/** Counts of what a {@linkcode SessionPath} dropped, by reason. */
export interface SessionPathDrops {
  /** Binary messages that are no relay frame. */
  badFrames: number;
  /** Control frames with an unknown byte or none. */
  unknownControls: number;
  /** Frames not sent because the hub has not read for long. */
  fullQueue: number;
}

/**
 * The path of a session through the WebSocket to the hub: WireGuard messages in relay frames, and
 * the keepalives of a session at both levels.
 *
 * Spec: wire.md 1.3, 4
 */
export class SessionPath {
  /** What was dropped, by reason. */
  readonly drops: SessionPathDrops = { badFrames: 0, unknownControls: 0, fullQueue: 0 };
  readonly #socket: HubSocket;
  readonly #pool: PacketPool;
  readonly #clock: Clock;
  readonly #handler: DatagramHandler;
  readonly #sessionId: number;
  #congested = false;
  #timer: Timer | undefined;

  /** Makes a path that is not open yet. */
  constructor({ socket, pool, clock, random, handler }: SessionPathOptions) {
    this.#socket = socket;
    this.#pool = pool;
    this.#clock = clock;
    this.#handler = handler;
    const id = new Uint32Array(1);
    random(new Uint8Array(id.buffer));
    this.#sessionId = id[0]!;
  }

  /** Attaches to the socket, hands over what came early and starts the keepalives. */
  open(): void {
    this.#timer = this.#setTimer();
    this.#socket.attach({
      frame: (bytes, start, end) => this.#onFrame(bytes, start, end),
      batchEnd: () => this.#handler.batchEnd(),
      offer: (offer) => this.#handler.offer(offer),
    });
  }

  /** Asks the peer for a sign of life; every peer answers at once. Spec: wire.md 4.3 */
  request(): void {
    this.#sendControl(RelayControl.keepaliveRequest);
  }

  /** Sends a WireGuard message; takes the packet. */
  send(packet: Packet): void {
    packet.start -= RELAY_HEADER_BYTES;
    writeRelayHeader(packet.bytes, packet.start, RelayFlags.data, this.#sessionId);
    this.#sendFrame(packet.bytes, packet.start, packet.end);
    this.#pool.give(packet);
    if (!this.#congested && this.#socket.bufferedBytes > CONGESTED_BYTES) this.#waitForRoom();
  }

  #waitForRoom(): void {
    this.#congested = true;
    this.#handler.congested();
    this.#socket.drained(CONGESTED_BYTES / 2).then(() => {
      this.#congested = false;
      this.#handler.writable();
    });
  }

  /** Stops the keepalives; the socket stays with its owner. */
  close(): void {
    this.#timer?.cancel();
  }

  #onFrame(bytes: Uint8Array<ArrayBuffer>, start: number, end: number): void {
    const kind = readRelayFrame(bytes, start, end);
    if (kind === "data") this.#handler.datagram(bytes, start + RELAY_HEADER_BYTES, end);
    else if (kind === "control") this.#onControl(bytes[start + RELAY_HEADER_BYTES]);
    else this.drops.badFrames++;
  }

  #onControl(op: number | undefined): void {
    if (op === RelayControl.keepaliveRequest) this.#sendControl(RelayControl.keepaliveResponse);
    else if (op === RelayControl.keepaliveResponse) this.#handler.answered();
    else this.drops.unknownControls++;
  }

  #sendControl(op: number): void {
    const frame = new Uint8Array(RELAY_HEADER_BYTES + 1);
    writeRelayHeader(frame, 0, RelayFlags.control, this.#sessionId);
    frame[RELAY_HEADER_BYTES] = op;
    this.#sendFrame(frame, 0, frame.length);
  }

  #sendFrame(bytes: Uint8Array, start: number, end: number): void {
    if (this.#socket.bufferedBytes < FULL_BYTES) this.#socket.sendFrame(bytes, start, end);
    else this.drops.fullQueue++;
  }

  #setTimer(): Timer {
    return this.#clock.setTimer(() => {
      this.#timer = this.#setTimer();
      this.#socket.send({ type: "keepalive" });
      this.request();
    }, KEEPALIVE_INTERVAL_MS);
  }
}
