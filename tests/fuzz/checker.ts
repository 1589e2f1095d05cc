import { streamByte } from "../../core/tcp/scripts/mod.ts";

const SYN = 0x02;
const FIN = 0x01;
const RST = 0x04;
const ACK = 0x10;

const HEADER_BYTES = 20;

/** Kinds of options. */
const MSS = 2;
const SCALE = 3;

/** Segment size of a peer that announces none, and the least that is heeded. */
const DEFAULT_MSS = 536;
const MIN_MSS = 64;

/** Positions of the peer's stream that are remembered; windows in these tests stay far below. */
const POSITIONS = 1 << 18;

/** What was injected at a position of the peer's stream. */
const OWN = 1;
const INVERTED = 2;
const OTHER = 4;

/** What the checker must know of the connection it watches. */
export interface CheckerOptions {
  /** Initial sequence number of the connection. */
  readonly localIss: number;
  /** Initial sequence number of its peer. */
  readonly peerIss: number;
  /** Bytes of the peer's stream that the connection may hold. */
  readonly receiveBufferBytes: number;
  /** Whether data may go with SYNs, and before the handshake is complete. */
  readonly synData: boolean;
}

/**
 * Watches a connection from outside, knows nothing of its inside, and throws at the first thing that
 * no input may bring it to: an acknowledgement of what never came, a window that moves left or exceeds
 * the buffer, data that was not written, more data than the peer's window ever allowed, or delivered
 * bytes that nobody sent there.
 */
export class Checker {
  /** After the last number the connection has sent, relative. */
  sndMax = 0;
  /** The acknowledgement number the connection sent last, relative. */
  acked = 0;
  /** Right edge of the window the connection announced last, relative. */
  edge = 0;
  readonly #options: CheckerOptions;
  #peerIss: number;
  #taken = new Uint8Array(POSITIONS);
  readonly #fins = new Set<number>();
  /** Length of the gapless beginning of what was injected. */
  #prefix = 0;
  #written = 0;
  #closing = false;
  #delivered = 0;
  /** Largest number the peer's windows ever allowed, relative. */
  #allowed = 1;
  #largestWindow = 0;
  /** Shift in the SYN the connection took, -1 for none. */
  #peerScale: number | undefined;
  #ownScale = -1;
  /** Largest segment that SYN announced. */
  #peerMss = DEFAULT_MSS;
  /** Whether the SYN of the connection may have been acknowledged. */
  #synAcked = false;

  /** A connection that has neither sent nor received. */
  constructor(options: CheckerOptions) {
    this.#options = options;
    this.#peerIss = options.peerIss;
  }

  /** Initial sequence number of the peer: that of the SYN the connection took. */
  get peerIss(): number {
    return this.#peerIss;
  }

  /** The connection, in SYN-SENT, is about to get a SYN that it may take. */
  rebase(peerIss: number): void {
    this.#peerIss = peerIss;
    this.#taken = new Uint8Array(POSITIONS);
    this.#fins.clear();
    this.#prefix = 0;
    this.#peerScale = undefined;
  }

  /** The application has written `count` bytes, or finished. */
  wrote(count: number, { closing = false } = {}): void {
    this.#written += count;
    this.#closing ||= closing;
  }

  /** A segment with a right checksum arrives. */
  injected(bytes: Uint8Array): void {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const headerBytes = (bytes[12]! >> 4) * 4;
    const flags = bytes[13]!;
    const syn = (flags & SYN) !== 0;
    // Options of later SYNs count for nothing.
    if (syn && this.#peerScale === undefined) {
      this.#peerScale = option(bytes, headerBytes, SCALE);
      const mss = option(bytes, headerBytes, MSS);
      this.#peerMss = mss <= 0 ? DEFAULT_MSS : Math.max(mss, MIN_MSS);
    }
    if ((flags & ACK) !== 0) {
      const ack = (view.getInt32(8) - this.#options.localIss) | 0;
      // What acknowledges the future must be dropped as a whole: it counts for nothing here.
      if (ack > this.sndMax) return;
      this.#synAcked ||= ack > 0;
      const shift = syn || !this.#scaled ? 0 : Math.min(this.#peerScale ?? 0, 14);
      this.#allow(ack, view.getUint16(14) * 2 ** shift);
    } else if (syn) {
      this.#allow(1, view.getUint16(14));
      if (!this.#options.synData) return;
    } else return;
    const first = ((view.getInt32(4) - this.#peerIss) | 0) + (syn ? 0 : -1);
    for (let at = headerBytes; at < bytes.length; at++) {
      const position = first + at - headerBytes;
      if (position < 0 || position >= POSITIONS) continue;
      const own = streamByte(position);
      const kind = bytes[at] === own ? OWN : bytes[at] === (own ^ 0xff) ? INVERTED : OTHER;
      this.#taken[position]! |= kind;
    }
    // One that comes with a SYN before the handshake is not heeded (RFC 9293 §3.10.7.2).
    if ((flags & FIN) === 0 || (flags & (SYN | ACK)) === SYN) return;
    this.#fins.add(first + bytes.length - headerBytes);
  }

  /** The connection has sent a segment. */
  emitted(bytes: Uint8Array): void {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const headerBytes = (bytes[12]! >> 4) * 4;
    const flags = bytes[13]!;
    if ((flags & RST) !== 0) return demand(bytes.length === headerBytes, "a reset carries data");
    if ((flags & SYN) !== 0) this.#ownScale = option(bytes, headerBytes, SCALE);
    this.#checkSequence(bytes, view, headerBytes);
    if ((flags & ACK) !== 0) this.#checkAck(view, flags);
  }

  /** The application has read these bytes, the next of the peer's stream. */
  delivered(bytes: Uint8Array): void {
    for (const byte of bytes) {
      const position = this.#delivered++;
      const taken = this.#taken[position]!;
      const own = streamByte(position);
      const known = byte === own ? OWN : byte === (own ^ 0xff) ? INVERTED : OTHER;
      demand((taken & known) !== 0, `byte ${position} was read as ${byte}, which nobody sent`);
    }
  }

  /**
   * An old segment may still acknowledge; the window counts from there and stays as large as a newer
   * one has said (RFC 9293 §3.10.7.4): so the largest ever is what bounds it.
   */
  #allow(ack: number, window: number): void {
    this.#largestWindow = Math.max(this.#largestWindow, window);
    this.#allowed = Math.max(this.#allowed, ack + this.#largestWindow);
  }

  get #scaled(): boolean {
    return (this.#peerScale ?? -1) >= 0 && this.#ownScale >= 0;
  }

  #checkSequence(bytes: Uint8Array, view: DataView, headerBytes: number): void {
    const flags = bytes[13]!;
    const seq = (view.getInt32(4) - this.#options.localIss) | 0;
    const payloadBytes = bytes.length - headerBytes;
    const isSyn = (flags & SYN) !== 0;
    const start = seq + (isSyn ? 1 : 0);
    const end = start + payloadBytes + (flags & FIN);
    const last = 1 + this.#written;
    demand((flags & FIN) === 0 || this.#closing && end === last + 1, `a FIN ends at ${end}`);
    demand(
      payloadBytes === 0 || start + payloadBytes <= last,
      `data ends at ${end}, ${this.#written} bytes were written`,
    );
    demand(seq <= this.sndMax, `${seq} leaves a gap behind ${this.sndMax}`);
    if (isSyn) this.#checkSyn(flags, { seq, end, payloadBytes });
    else {
      demand(start === end || this.#maySend, "data goes before the handshake is complete");
      const segmentBytes = bytes.length - HEADER_BYTES;
      demand(payloadBytes === 0 || segmentBytes <= this.#peerMss, "a segment exceeds the MSS");
    }
    // One number beyond the window is a probe.
    demand(
      end <= this.#allowed + 1,
      `${end} lies beyond the window, which ends at ${this.#allowed}`,
    );
    for (let i = 0; i < payloadBytes; i++) {
      const right = bytes[headerBytes + i] === streamByte(start - 1 + i);
      demand(right, `byte ${start - 1 + i} was sent as another`);
    }
    this.sndMax = Math.max(this.sndMax, end);
  }

  /** Before the peer's SYN is known nothing goes but SYNs, with data only if that was agreed. */
  #checkSyn(flags: number, o: { seq: number; end: number; payloadBytes: number }): void {
    demand(o.seq === 0 && (flags & FIN) === 0, `a SYN has number ${o.seq}, flags ${flags}`);
    if (o.payloadBytes === 0) return;
    demand(this.#options.synData && (flags & ACK) === 0, "a SYN brings data");
    // There is no window yet.
    this.#allowed = Math.max(this.#allowed, o.end);
  }

  get #maySend(): boolean {
    return this.#peerScale !== undefined && (this.#synAcked || this.#options.synData);
  }

  #checkAck(view: DataView, flags: number): void {
    const ack = (view.getInt32(8) - this.#peerIss) | 0;
    demand(ack >= this.acked, `acknowledged ${ack} after ${this.acked}`);
    demand(this.#has(ack - 1), `acknowledged ${ack}, which never came without a gap`);
    this.acked = ack;
    const syn = (flags & SYN) !== 0;
    const shift = syn || !this.#scaled ? 0 : this.#ownScale;
    const window = view.getUint16(14);
    const edge = ack + window * 2 ** shift;
    // A repeated SYN has no room for a wider window, whatever was announced between.
    const isFull = syn && window === 0xffff;
    // A scaled window is rounded down, and may so appear to move by less than its unit (RFC 7323 §2.4).
    const holds = isFull || edge > this.edge - 2 ** shift;
    demand(holds, `the window moves left, from ${this.edge} to ${edge}`);
    const bound = 1 + this.#delivered + this.#options.receiveBufferBytes +
      (this.#fins.size > 0 ? 1 : 0);
    demand(edge <= bound, `the window ends at ${edge}, beyond the buffer, which ends at ${bound}`);
    this.edge = Math.max(edge, this.edge);
  }

  /** Whether the first `count` numbers behind the SYN came without a gap; the last may be a FIN. */
  #has(count: number): boolean {
    while (this.#prefix < count && this.#taken[this.#prefix] !== 0) this.#prefix++;
    return count <= this.#prefix || (count === this.#prefix + 1 && this.#fins.has(this.#prefix));
  }
}

/** @throws {Error} with `message` unless `holds` */
export function demand(holds: boolean, message: string): void {
  if (!holds) throw new Error(`Broken rule: ${message}`);
}

/** Value of the last option of this kind, of one byte or two, in a SYN; -1 if there is none. */
function option(bytes: Uint8Array, headerBytes: number, kind: number): number {
  let value = -1;
  for (let at = 20; at < headerBytes && bytes[at] !== 0;) {
    const length = bytes[at] === 1 ? 1 : Math.max(bytes[at + 1]!, 2);
    if (bytes[at] === kind) {
      value = length === 4 ? bytes[at + 2]! * 256 + bytes[at + 3]! : bytes[at + 2]!;
    }
    at += length;
  }
  return value;
}
