import assert from "node:assert/strict";
import { Packet, PacketPool } from "../bytes/mod.ts";
import { type TcpOptions, tcpOptions } from "./config.ts";
import { Connection } from "./connection.ts";
import type { SegmentSink } from "./output.ts";
import { PagePool } from "./paged_buffer.ts";
import { PathTimes } from "./path_times.ts";
import {
  ACK,
  FIN,
  readSegment,
  RST,
  sealSegment,
  Segment,
  SYN,
  TCP_HEADER_BYTES,
  writeHeader,
} from "./segment.ts";
import { seqAdd, seqDiff, toSeq } from "./seq.ts";
import {
  MAX_SACK_BLOCKS,
  sackOptionBytes,
  SYN_OPTION_BYTES,
  TIMESTAMP_OPTION_BYTES,
  writeSackOption,
  writeSynOptions,
  writeTimestamps,
} from "./options.ts";

/** Both begin close to the wrap, so that every test that moves data crosses it. */
const ISS = toSeq(0xffffff00);
const IRS = toSeq(0xfffffff0);

const FLAG_LETTERS: [string, number][] = [["S", SYN], ["F", FIN], ["R", RST], ["A", ACK]];

/** Options of {@linkcode Rig}. */
export interface RigOptions {
  /** Limits of the connection. */
  tcp?: Partial<TcpOptions>;
  /** Where buffers take their pages from. Default: there is no end of them. */
  pages?: PagePool;
  /** MTU of the path. Default 1040: an MSS of 1000. */
  mtuBytes?: number;
  /** MTU announced, if more. */
  maxMtuBytes?: number;
  /** MSS option of the peer's SYN. Default 1000. */
  peerMss?: number;
  /** Window scale of the peer's SYN, -1 for none. Default -1. */
  peerShift?: number;
  /** Whether the peer's SYN permits SACK. Default false. */
  sack?: boolean;
  /** Whether the peer's SYN has timestamps; then all its segments have. Default false. */
  timestamps?: boolean;
}

/**
 * A connection and a peer that does exactly what the test says. Segments are texts
 * `FLAGS SEQ[+LENGTH] [ACK] [wWINDOW] [tVALUE:ECHO]`, flags out of `SFRA`, with numbers relative to the initial ones:
 * `SA 0 1`, `A 1+100 1 w5000`. Expected segments are compared without their window.
 */
export class Rig {
  /** The connection under test. */
  readonly connection: Connection;
  /** Virtual time. */
  nowMs = 0;
  /** Window of the last segment the connection sent, unscaled. */
  lastWindow = 0;
  /** SACK blocks of the last segment the connection sent, relative. */
  lastSack: [number, number][] = [];
  /** Timestamp, relative, and its echo, of the last segment the connection sent. */
  lastStamp: [number, number] | undefined;
  /** Options of the last SYN the connection sent. */
  lastSyn: { mss: number; windowScale: number; sackPermitted: boolean } | undefined;
  /** Whether the sink takes nothing. */
  readonly sink: { -readonly [K in keyof SegmentSink]: SegmentSink[K] };
  readonly #options: RigOptions;
  readonly #pool = new PacketPool({ maxPacketBytes: 16384 });
  readonly #out: string[] = [];
  readonly #segment = new Segment();

  /** A closed connection. */
  constructor(options: RigOptions = {}) {
    this.#options = options;
    this.connection = new Connection({
      localPort: 80,
      remotePort: 40000,
      iss: ISS,
      mtuBytes: options.mtuBytes ?? 1040,
      maxMtuBytes: options.maxMtuBytes,
      pages: options.pages ?? new PagePool(),
      path: new PathTimes(),
      options: tcpOptions(options.tcp),
    });
    this.sink = {
      blocked: false,
      take: () => this.#pool.take(),
      send: (packet) => this.#record(packet),
    };
  }

  /** A connection that the peer has opened, with its window at `window`. */
  static established(options: RigOptions & { window?: number } = {}): Rig {
    const rig = new Rig(options);
    rig.accept();
    rig.expect("SA 0 1");
    rig.send(`A 1 1 w${options.window ?? 60000}`);
    rig.silence();
    assert.equal(rig.connection.state, "established");
    return rig;
  }

  /** The peer's SYN arrives at a listener. */
  accept(): void {
    this.connection.accept(this.#make("S 0"), this.nowMs);
    this.flush();
  }

  /** Opens the connection actively. */
  open(): void {
    this.connection.open(this.nowMs);
    this.flush();
  }

  /** The peer sends; what the connection answers is collected. */
  send(...texts: string[]): void {
    for (const text of texts) {
      this.connection.input(this.#make(text), this.nowMs);
      this.flush();
    }
  }

  /** The peer's segments arrive in one batch. */
  sendBatch(...texts: string[]): void {
    for (const text of texts) this.connection.input(this.#make(text), this.nowMs);
    this.flush();
  }

  /** The peer sends an acknowledgement with SACK blocks, relative to our numbers. */
  sendSack(text: string, ...blocks: [number, number][]): void {
    this.connection.input(this.#make(text, blocks), this.nowMs);
    this.flush();
  }

  /** The application writes `count` bytes. */
  write(count: number): void {
    assert.equal(this.connection.write(new Uint8Array(count), 0), count);
    this.flush();
  }

  /** The application reads up to `count` bytes; gives how many it got. */
  read(count: number): number {
    const got = this.connection.read(new Uint8Array(count));
    this.flush();
    return got;
  }

  /** Emits what is due. */
  flush(): void {
    this.connection.output(this.sink, this.nowMs);
  }

  /** Time passes to `atMs`; the connection is called at each of its deadlines. */
  to(atMs: number): void {
    for (let at = this.connection.nextDeadlineMs(); at <= atMs;) {
      this.nowMs = Math.max(at, this.nowMs);
      this.flush();
      const next = this.connection.nextDeadlineMs();
      assert.ok(next > this.nowMs, `deadline ${next} does not advance beyond ${this.nowMs}`);
      at = next;
    }
    this.nowMs = atMs;
    this.flush();
  }

  /** Takes the next segments the connection has sent, which must be these. */
  expect(...texts: string[]): void {
    assert.deepEqual(this.#out.splice(0, Math.max(texts.length, 1)), texts);
  }

  /** The connection has sent nothing more. */
  silence(): void {
    assert.deepEqual(this.#out, []);
  }

  /** Takes all segments sent so far. */
  taken(): string[] {
    return this.#out.splice(0);
  }

  /** The connection has ended up here. */
  expectState(state: string, failure?: string): void {
    assert.deepEqual([this.connection.state, this.connection.failure], [state, failure]);
  }

  /** A segment of the peer, lent until the next one. */
  segment(text: string): Segment {
    return this.#make(text);
  }

  #make(text: string, blocks: [number, number][] = []): Segment {
    const match = /^([SFRA]*) (-?\d+)(?:\+(\d+))?(?: (-?\d+))?(?: w(\d+))?(?: t(\d+):(\d+))?$/.exec(
      text,
    );
    assert.ok(match, `not a segment: ${text}`);
    let flags = 0;
    for (const [letter, bit] of FLAG_LETTERS) if (match[1]!.includes(letter)) flags |= bit;
    const packet = new Packet(20000);
    const syn = (flags & SYN) !== 0;
    const stamped = this.#options.timestamps === true && (syn || match[6] !== undefined);
    const fixed = (syn ? SYN_OPTION_BYTES : 0) + (stamped ? TIMESTAMP_OPTION_BYTES : 0);
    const options = fixed + sackOptionBytes(blocks.length);
    const headerBytes = TCP_HEADER_BYTES + options;
    const seq = seqAdd(IRS, Number(match[2]));
    const ack = seqAdd(ISS, Number(match[4] ?? 0));
    const ports = { sourcePort: 40000, destinationPort: 80 };
    writeHeader(packet, ports, seq, ack, flags, Number(match[5] ?? 60000), headerBytes);
    const at = packet.start + TCP_HEADER_BYTES;
    if (stamped) {
      const tsEcr = toSeq(ISS + Number(match[7] ?? 0));
      writeTimestamps(packet.view, at + (syn ? SYN_OPTION_BYTES : 0), Number(match[6] ?? 0), tsEcr);
    }
    if (syn) {
      const { peerMss: mss = 1000, peerShift: windowScale = -1, sack = false } = this.#options;
      writeSynOptions(packet.view, at, { mss, windowScale, sackPermitted: sack });
    }
    const edges = new Int32Array(2 * MAX_SACK_BLOCKS);
    blocks.flat().forEach((edge, i) => edges[i] = seqAdd(ISS, edge));
    if (blocks.length > 0) writeSackOption(packet.view, at + fixed, edges, blocks.length);
    packet.end = packet.start + headerBytes + Number(match[3] ?? 0);
    return this.#read(packet);
  }

  #read(packet: Packet): Segment {
    sealSegment(packet, 0);
    const { bytes, view, start, end } = packet;
    const source = { bytes, view, payloadStart: start, payloadEnd: end };
    assert.equal(readSegment(this.#segment, source, 0), "ok");
    return this.#segment;
  }

  #record(packet: Packet): void {
    const segment = this.#read(packet);
    const { flags, payloadBytes, mss, windowScale, sackPermitted } = segment;
    const letters = FLAG_LETTERS.filter(([, bit]) => (flags & bit) !== 0).map(([l]) => l).join("");
    const ack = (flags & ACK) !== 0 ? ` ${seqDiff(segment.ack, IRS)}` : "";
    const length = payloadBytes > 0 ? `+${payloadBytes}` : "";
    this.#out.push(`${letters} ${seqDiff(segment.seq, ISS)}${length}${ack}`);
    this.lastWindow = segment.window;
    this.lastStamp = segment.hasTimestamps
      ? [seqDiff(toSeq(segment.tsVal), ISS), segment.tsEcr]
      : undefined;
    this.lastSack = [];
    for (let i = 0; i < segment.sackCount; i++) {
      const [left, right] = [segment.sackEdges[2 * i]!, segment.sackEdges[2 * i + 1]!];
      this.lastSack.push([seqDiff(toSeq(left), IRS), seqDiff(toSeq(right), IRS)]);
    }
    if ((flags & SYN) !== 0) this.lastSyn = { mss, windowScale, sackPermitted };
    this.#pool.give(packet);
  }
}
