import { type Packet, PacketPool } from "../../core/bytes/mod.ts";
import {
  BufferMemory,
  Connection,
  emitReset,
  opensConnection,
  PagePool,
  PathTimes,
  readSegment,
  resetFor,
  sealSegment,
  Segment,
  type SegmentSink,
  type TcpOptions,
  tcpOptions,
  toSeq,
} from "../../core/tcp/mod.ts";
import { streamByte } from "../../core/tcp/scripts/mod.ts";
import type { Rng } from "../simnet/mod.ts";
import { demand } from "./checker.ts";
import { pick } from "./mutate.ts";

const SYN = 0x02;
const ACK = 0x10;
const FLAGS_AT = 13;
const WINDOW_AT = 14;

/** Longest a segment is under way in a storm, in ms: so much is overtaken. */
const STORM_DELAY_MS = 120;
const CALM_DELAY_MS = 10;

/** A segment under way. */
interface Arrival {
  readonly atMs: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** What one end begins with. */
export interface EndOptions {
  readonly ports: readonly [own: number, peer: number];
  readonly iss: number;
  readonly mtuBytes: number;
  readonly tcp: Partial<TcpOptions>;
  /** Whether its SYNs say that it has no room, which later segments correct. */
  readonly closedSyn: boolean;
  readonly rng: Rng;
}

/** A connection, its application, and what is under way to it. */
export class End {
  /** The connection. */
  readonly connection: Connection;
  /** Bytes written so far. */
  written = 0;
  /** Bytes read so far; each was what the other end wrote. */
  received = 0;
  /** Segments sent that bring nothing: no data, no SYN, no FIN. */
  emptySent = 0;
  /** All others. */
  fullSent = 0;
  /** Whether segments are lost, come twice, late or again. */
  storm = true;
  /** The other end. */
  peer: End | undefined;
  /** Whether a SYN opens the connection. */
  listening = false;
  readonly #o: EndOptions;
  readonly #memory = new BufferMemory(1 << 24);
  readonly #pages = new PagePool(Infinity, this.#memory);
  readonly #pool = new PacketPool({ maxPacketBytes: 16384 });
  readonly #segment = new Segment();
  readonly #sink: SegmentSink = {
    blocked: false,
    take: () => this.#pool.take(),
    send: (packet) => this.#emitted(packet),
  };
  #underWay: Arrival[] = [];
  #starved = false;
  readonly #history: Uint8Array<ArrayBuffer>[] = [];
  #nowMs = 0;

  /** A closed connection. */
  constructor(o: EndOptions) {
    this.#o = o;
    this.connection = new Connection({
      localPort: o.ports[0],
      remotePort: o.ports[1],
      iss: toSeq(o.iss),
      mtuBytes: o.mtuBytes,
      pages: this.#pages,
      path: new PathTimes(),
      options: tcpOptions(o.tcp),
    });
  }

  /** Bytes of memory it holds. */
  get lentBytes(): number {
    return this.#pages.lentBytes;
  }

  /** Whether others have lent all memory. */
  set starved(starved: boolean) {
    if (starved === this.#starved) return;
    this.#starved = starved;
    this.#memory.lentBytes += starved ? this.#memory.maxBytes : -this.#memory.maxBytes;
  }

  /** Segments under way to it. */
  get underWay(): number {
    return this.#underWay.length;
  }

  /** When something happens next. */
  get nextMs(): number {
    const arrivals = this.#underWay.map(({ atMs }) => atMs);
    return Math.min(this.connection.nextDeadlineMs(), ...arrivals);
  }

  /** Does what has come, or become due, by `nowMs`. */
  run(nowMs: number): void {
    this.#nowMs = nowMs;
    const due = this.#underWay.filter(({ atMs }) => atMs <= nowMs);
    this.#underWay = this.#underWay.filter(({ atMs }) => atMs > nowMs);
    for (const { bytes } of due) this.#arrives(bytes);
    this.connection.output(this.#sink, nowMs);
  }

  /** Writes as much of `count` bytes as is taken, with the SYN if that is still to go. */
  write(count: number): void {
    const bytes = Uint8Array.from({ length: count }, (_, i) => streamByte(this.written + i));
    const { connection } = this;
    this.written += connection.state === "syn-sent"
      ? connection.writeWithSyn(bytes)
      : connection.write(bytes, 0);
  }

  /** Reads up to `count` bytes. */
  read(count: number): void {
    const into = new Uint8Array(count);
    const got = this.connection.read(into);
    for (let i = 0; i < got; i++) {
      demand(into[i] === streamByte(this.received + i), `byte ${this.received + i} is wrong`);
    }
    this.received += got;
    demand(this.received <= this.peer!.written, "more was read than written");
  }

  #arrives(bytes: Uint8Array<ArrayBuffer>): void {
    const view = new DataView(bytes.buffer);
    const source = { bytes, view, payloadStart: 0, payloadEnd: bytes.length };
    demand(readSegment(this.#segment, source, 0) === "ok", "a segment cannot be read");
    if (this.listening) {
      if (!opensConnection(this.#segment)) return;
      this.listening = false;
      this.connection.accept(this.#segment, this.#nowMs);
    } else if (this.connection.state === "closed") {
      const reset = resetFor(this.#segment, { listening: false });
      if (reset !== undefined) emitReset(reset, this.#sink);
    } else this.connection.input(this.#segment, this.#nowMs);
  }

  #emitted(packet: Packet): void {
    const { view, start } = packet;
    const flags = view.getUint8(start + FLAGS_AT);
    // One that takes data with a SYN must not say in its answer that it has no room.
    const mayClose = (flags & (SYN | ACK)) === SYN || (flags & SYN) !== 0 && !this.#o.tcp.synData;
    if (this.#o.closedSyn && mayClose) view.setUint16(start + WINDOW_AT, 0);
    sealSegment(packet, 0);
    const bytes = packet.bytes.slice(packet.start, packet.end);
    this.#pool.give(packet);
    const isEmpty = (flags & 0x03) === 0 && bytes.length === (bytes[12]! >> 4) * 4;
    if (isEmpty) this.emptySent++;
    else this.fullSent++;
    const { rng } = this.#o;
    if (!this.storm) return this.#goes(bytes, CALM_DELAY_MS);
    this.#history.push(bytes);
    if (rng.below(7) > 0) this.#goes(bytes, rng.below(STORM_DELAY_MS));
    if (rng.below(10) === 0) this.#goes(pick(rng, this.#history), rng.below(3 * STORM_DELAY_MS));
  }

  #goes(bytes: Uint8Array<ArrayBuffer>, delayMs: number): void {
    this.peer!.#underWay.push({ atMs: this.#nowMs + 1 + delayMs, bytes: bytes.slice() });
  }
}
