import { type Packet, PacketPool } from "../../core/bytes/mod.ts";
import {
  Connection,
  PagePool,
  PathTimes,
  readSegment,
  sealSegment,
  Segment,
  type SegmentSink,
  type TcpOptions,
  tcpOptions,
  toSeq,
} from "../../core/tcp/mod.ts";
import { encodeSegment, type SegmentSpec, streamByte } from "../../core/tcp/scripts/mod.ts";
import { Checker, demand } from "./checker.ts";

const PORTS = [40000, 80] as const;
const PAGE_BYTES = 16384;
const IPV4_HEADER_BYTES = 20;

/** Segments one call may emit: what both buffers hold in the least segments, and some more. */
const MAX_BURST = 1500;

/** Events of a run that are shown when it fails. */
const MAX_LOG = 40;

/**
 * Limits of the connections under test: small, so that their edges are met; but the receive buffer
 * needs a window shift, without which `scale/own-zero.pkt` does not hold.
 */
export const LIMITS: Partial<TcpOptions> = {
  sendBufferBytes: 20_000,
  receiveBufferBytes: 70_000,
  userTimeoutMs: 20_000,
  finWait2Ms: 5_000,
};

/** A segment with the fields that a line of a script may leave out. */
export type Draft = Partial<SegmentSpec> & Pick<SegmentSpec, "flags" | "seq">;

/** Options of {@linkcode Target}. */
export interface TargetOptions {
  /** Initial sequence number of the connection. */
  readonly localIss: number;
  /** Initial sequence number of its peer. */
  readonly peerIss: number;
  /** Whether it agrees to timestamps. Default false. */
  readonly timestamps?: boolean;
  /** Whether data goes with SYNs. Default false. */
  readonly synData?: boolean;
}

/** A connection that is fed by a fuzzer and watched by a {@linkcode Checker}. */
export class Target {
  /** The connection under test. */
  readonly connection: Connection;
  /** Whether it agrees to timestamps. */
  readonly timestamps: boolean;
  /** Whether data goes with SYNs. */
  readonly synData: boolean;
  /** What watches it. */
  readonly checker: Checker;
  /** The last events, for a failure. */
  readonly log: string[] = [];
  /** Virtual time. */
  nowMs = 0;
  readonly #localIss: number;
  readonly #limits: TcpOptions;
  readonly #pages = new PagePool();
  readonly #path = new PathTimes();
  readonly #pool = new PacketPool({ maxPacketBytes: 8192 });
  readonly #segment = new Segment();
  readonly #sink: { -readonly [K in keyof SegmentSink]: SegmentSink[K] } = {
    blocked: false,
    take: () => this.#pool.take(),
    send: (packet) => this.#emitted(packet),
  };
  #written = 0;
  #burst = 0;
  #mtuBytes = 1040;

  /** A closed connection whose numbers begin where they are told. */
  constructor({ localIss, peerIss, timestamps = false, synData = false }: TargetOptions) {
    this.#limits = tcpOptions({ ...LIMITS, timestamps, synData });
    this.timestamps = timestamps;
    this.synData = synData;
    this.#localIss = localIss;
    this.checker = new Checker({ localIss, peerIss, ...this.#limits });
    this.connection = new Connection({
      localPort: PORTS[1],
      remotePort: PORTS[0],
      iss: toSeq(localIss),
      mtuBytes: this.#mtuBytes,
      path: this.#path,
      pages: this.#pages,
      options: this.#limits,
    });
  }

  /** Active open. */
  open(): void {
    this.connection.open(this.nowMs);
    this.flush();
  }

  /** Passive open by this SYN. */
  accept(syn: Draft): void {
    const bytes = this.encode(syn);
    this.checker.injected(bytes);
    demand(this.#parse(bytes), "a good SYN was refused");
    this.connection.accept(this.#segment, this.nowMs);
    this.flush();
  }

  /** Bytes of a segment of the peer, numbers relative to the initial ones. */
  encode(draft: Draft): Uint8Array<ArrayBuffer> {
    const bases = { localIss: this.#localIss, peerIss: this.checker.peerIss, ports: PORTS };
    const spec = { lengthBytes: 0, sack: [], absent: [], ...draft };
    return encodeSegment(spec, { bases, pseudoSum: 0 });
  }

  /** These bytes arrive, whatever they are. */
  inject(bytes: Uint8Array<ArrayBuffer>): void {
    if (!this.#parse(bytes)) return;
    const seq = new DataView(bytes.buffer, bytes.byteOffset).getInt32(4);
    const opening = this.connection.state === "syn-sent" && (bytes[13]! & 0x06) === 0x02;
    if (opening) this.checker.rebase(seq);
    this.checker.injected(bytes);
    this.connection.input(this.#segment, this.nowMs);
    this.flush();
  }

  /** The peer sends a segment. */
  send(draft: Draft): void {
    this.note(`< ${draft.flags} ${draft.seq}+${draft.lengthBytes ?? 0} ${draft.ack ?? ""}`);
    this.inject(this.encode(draft));
  }

  /** The application writes, what is to go with the SYN if `withSyn`. */
  write(count: number, { withSyn = false } = {}): void {
    this.note(`write ${count} ${withSyn}`);
    const bytes = Uint8Array.from({ length: count }, (_, i) => streamByte(this.#written + i));
    const { connection } = this;
    const taken = withSyn ? connection.writeWithSyn(bytes) : connection.write(bytes, 0);
    this.#written += taken;
    this.checker.wrote(taken);
    this.flush();
  }

  /** The application reads. */
  read(count: number): void {
    const into = new Uint8Array(count);
    const got = this.connection.read(into);
    this.checker.delivered(into.subarray(0, got));
    this.flush();
  }

  /** The application finishes, with or without giving up reading. */
  close(how: "close" | "close-write"): void {
    this.checker.wrote(0, { closing: true });
    if (how === "close") this.connection.close();
    else this.connection.closeWrite();
    this.flush();
  }

  /** The application gives up at once. */
  abort(): void {
    this.connection.abort();
    this.flush();
  }

  /** Data goes another way from now on. */
  pathChanged(): void {
    this.connection.pathChanged(this.nowMs);
    this.flush();
  }

  /** The path carries packets of this size from now on. */
  setMtu(mtuBytes: number): void {
    this.note(`mtu ${mtuBytes}`);
    this.#mtuBytes = mtuBytes;
    this.connection.setMtu(mtuBytes);
  }

  /** Whether the carrier is full: data waits, and what is small still goes. */
  pause(paused: boolean): void {
    this.#sink.blocked = paused;
    this.flush();
  }

  /** Time passes; each timer runs when it is due. */
  pass(ms: number): void {
    const untilMs = this.nowMs + ms;
    for (;;) {
      const atMs = this.connection.nextDeadlineMs();
      if (atMs > untilMs) break;
      this.nowMs = Math.max(this.nowMs, atMs);
      this.flush();
    }
    this.nowMs = untilMs;
    this.flush();
  }

  /** Emits what is due and looks at everything that must always hold. */
  flush(): void {
    this.#burst = 0;
    const { connection } = this;
    connection.output(this.#sink, this.nowMs);
    // What an acknowledgement has made due may take a second call, as of a timer, but no third.
    if (connection.nextDeadlineMs() <= this.nowMs) connection.output(this.#sink, this.nowMs);
    const deadlineMs = connection.nextDeadlineMs();
    demand(deadlineMs > this.nowMs, `a deadline stays at ${deadlineMs}, ${this.nowMs} is past`);
    const { sendBufferBytes, receiveBufferBytes } = this.#limits;
    demand(connection.unacknowledgedBytes <= sendBufferBytes, "the send buffer overflows");
    demand(connection.readableBytes <= receiveBufferBytes, "the receive buffer overflows");
    const pages = Math.ceil(sendBufferBytes / PAGE_BYTES) +
      Math.ceil(receiveBufferBytes / PAGE_BYTES);
    demand(this.#pages.lentBytes <= (pages + 2) * PAGE_BYTES, "the pages are without bound");
    if (connection.state !== "closed") return;
    demand(deadlineMs === Infinity, `a closed connection has a deadline at ${deadlineMs}`);
    demand(
      connection.failure === undefined || this.#pages.lentBytes === 0,
      "a connection that failed keeps pages",
    );
  }

  /** Keeps a line for a failure. */
  note(text: string): void {
    this.log.push(`${this.nowMs} ${text}`);
    if (this.log.length > MAX_LOG) this.log.shift();
  }

  #emitted(packet: Packet): void {
    sealSegment(packet, 0);
    const bytes = packet.bytes.slice(packet.start, packet.end);
    this.#pool.give(packet);
    const view = new DataView(bytes.buffer);
    const seq = (view.getInt32(4) - this.#localIss) | 0;
    const ack = (view.getInt32(8) - this.checker.peerIss) | 0;
    this.note(
      `> flags ${bytes[13]!.toString(16)} ${seq}+${bytes.length} ${ack} ${view.getUint16(14)}`,
    );
    demand(++this.#burst <= MAX_BURST, "a call emits without end");
    demand(bytes.length + IPV4_HEADER_BYTES <= this.#mtuBytes, "a segment exceeds the path");
    this.checker.emitted(bytes);
  }

  #parse(bytes: Uint8Array<ArrayBuffer>): boolean {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const source = { bytes, view, payloadStart: 0, payloadEnd: bytes.length };
    return readSegment(this.#segment, source, 0) === "ok" &&
      this.#segment.sourcePort === PORTS[0] &&
      this.#segment.destinationPort === PORTS[1];
  }
}
