import type { TcpOptions } from "./config.ts";
import { MAX_SACK_BLOCKS } from "./options.ts";
import type { PagePool } from "./paged_buffer.ts";
import { ReceiveBuffer } from "./receive_buffer.ts";
import { FIN, type Segment } from "./segment.ts";
import { type Seq, seqAdd, seqDiff, seqLe, seqLt, toSeq } from "./seq.ts";
import { DEFAULT_MSS_BYTES } from "./snd.ts";

/** Longest time an acknowledgement is held back. Spec: RFC 9293 §3.8.6.3 (at most 500 ms). */
const DELAYED_ACK_MS = 40;

/**
 * Full-sized segments that are acknowledged at once. Deviation from RFC 9293 §3.8.6.3: segments that
 * arrive in one batch share one acknowledgement, which the peers' byte counting allows (RFC 3465).
 */
const SEGMENTS_PER_ACK = 2;

/** Duplicate acknowledgements sent for one batch of segments that arrived out of order. */
const MAX_DUPLICATE_ACKS = 64;

/** The receiving half of a connection: what has arrived, and when to say so. */
export class Receiver {
  /** Bytes the application has not read. */
  readonly buffer: ReceiveBuffer;
  /** Shift of our window field once both ends sent the option. Spec: RFC 7323 §2.3. */
  windowShift = 0;
  /** Next sequence number expected. */
  rcvNxt: Seq = toSeq(0);
  /** Initial receive sequence number. */
  irs: Seq = toSeq(0);
  /** Whether everything up to and with the FIN has arrived. */
  finReceived = false;
  /** When an acknowledgement is due, or `Infinity`. */
  ackAtMs = Infinity;
  /** Acknowledgements to send now. */
  acksOwed = 0;
  /** After the last sequence number the peer was allowed to send. */
  #rcvAdv: Seq = toSeq(0);
  #maxBytes: number;
  /** Something was read since the window was last announced. */
  #wasRead = false;
  #unackedBytes = 0;
  /** Largest payload seen: an estimate of the peer's segment size. */
  #mssBytes = DEFAULT_MSS_BYTES;
  #finSeq: Seq | undefined;
  /** Where the last segment that arrived out of order began. */
  #lastRangeSeq: Seq = toSeq(0);

  /** Expects a SYN. */
  constructor(o: { pages: PagePool; options: TcpOptions }) {
    this.buffer = new ReceiveBuffer(o.pages);
    this.#maxBytes = o.options.receiveBufferBytes;
  }

  /** Window shift to offer: the least that can announce the whole buffer. */
  get offeredShift(): number {
    let shift = 0;
    while ((0xffff << shift) < this.#maxBytes && shift < 14) shift++;
    return shift;
  }

  /** Takes the peer's SYN; `scaled` if window scaling is on in both directions. */
  synchronise(irs: Seq, scaled: boolean): void {
    this.irs = irs;
    this.rcvNxt = seqAdd(irs, 1);
    this.#rcvAdv = seqAdd(this.rcvNxt, this.synWindow);
    this.windowShift = scaled ? this.offeredShift : 0;
    this.#maxBytes = Math.min(this.#maxBytes, 0xffff << this.windowShift);
  }

  /** Whether any part of the segment lies in the window. Spec: RFC 9293 §3.10.7.4 (first check). */
  accepts(segment: Segment): boolean {
    // With a closed window too, for the sake of ACK, RST and FIN; payload is then cut off.
    if (segment.seq === this.rcvNxt) return true;
    const length = segment.seqLength;
    if (length === 0) {
      // The right edge too, which RFC 9293 leaves out: a peer that has filled the window sends its
      // acknowledgements from there.
      return seqLt(this.rcvNxt, segment.seq) && seqLe(segment.seq, this.#rcvAdv);
    }
    return seqLt(segment.seq, this.#rcvAdv) && seqLt(this.rcvNxt, seqAdd(segment.seq, length));
  }

  /** Takes payload and FIN of an acceptable segment. */
  take(segment: Segment, nowMs: number): void {
    let { seq, payloadStart: start, payloadEnd: end } = segment;
    let fin = (segment.flags & FIN) !== 0;
    const length = end - start;
    if (length > this.#mssBytes) this.#mssBytes = length;
    const behind = seqDiff(this.rcvNxt, seq);
    if (behind > 0) {
      if (behind >= length + (fin ? 1 : 0)) return this.#ackNow();
      start = Math.min(start + behind, end);
      seq = this.rcvNxt;
    }
    const room = seqDiff(this.#rcvAdv, seq);
    if (end - start > room) {
      end = start + room;
      fin = false;
      this.#ackNow();
    }
    if (fin) this.#finSeq = seqAdd(seq, end - start);
    if (end > start) this.#store(seq, segment, start, end, nowMs);
    if (this.#finSeq === this.rcvNxt && !this.finReceived) {
      this.finReceived = true;
      this.rcvNxt = seqAdd(this.rcvNxt, 1);
      this.#ackNow();
    } else if (fin && end === start) this.#ackNow();
  }

  #store(seq: Seq, segment: Segment, start: number, end: number, nowMs: number): void {
    const hadHole = this.buffer.ranges.count > 0;
    const moved = this.buffer.store(this.rcvNxt, seq, segment.bytes, start, end);
    if (moved <= 0) {
      // Every segment out of order gets its own answer: the peer counts them (RFC 5681 §4.2).
      this.acksOwed = Math.min(this.acksOwed + 1, MAX_DUPLICATE_ACKS);
      this.#lastRangeSeq = seq;
      return;
    }
    this.rcvNxt = seqAdd(this.rcvNxt, moved);
    this.#unackedBytes += moved;
    if (hadHole || this.#unackedBytes >= SEGMENTS_PER_ACK * this.#mssBytes) this.#ackNow();
    else if (this.ackAtMs === Infinity) this.ackAtMs = nowMs + DELAYED_ACK_MS;
  }

  /**
   * Writes the edges of what has arrived out of order into `edges`, the newest first, and returns
   * how many blocks that are. Spec: RFC 2018 §4.
   */
  sackBlocks(edges: Int32Array): number {
    const { ranges } = this.buffer;
    if (ranges.count === 0) return 0;
    let newest = ranges.count - 1;
    while (newest > 0 && seqLt(this.#lastRangeSeq, ranges.start(newest))) newest--;
    let blocks = 0;
    for (let i = -1; i < ranges.count && blocks < MAX_SACK_BLOCKS; i++) {
      if (i === newest) continue;
      edges[2 * blocks] = ranges.start(i < 0 ? newest : i);
      edges[2 * blocks + 1] = ranges.end(i < 0 ? newest : i);
      blocks++;
    }
    return blocks;
  }

  #ackNow(): void {
    if (this.acksOwed === 0) this.acksOwed = 1;
  }

  /** An acknowledgement must go out, whatever has arrived. */
  oweAck(): void {
    this.#ackNow();
  }

  /** Moves as many readable bytes as fit into `into`, and returns how many that were. */
  read(into: Uint8Array): number {
    const count = this.buffer.read(into);
    if (count > 0) this.#wasRead = true;
    return count;
  }

  /** Whether reading has opened the window so far that the peer should be told. */
  get windowUpdateDue(): boolean {
    if (!this.#wasRead) return false;
    const gain = this.#gain();
    if (gain < this.#leastGain()) return false;
    return gain >= this.#maxBytes / 4 || seqDiff(this.#rcvAdv, this.rcvNxt) < this.#mssBytes;
  }

  /**
   * Moves the right edge of the window as far as the buffer allows, and returns the window field.
   *
   * Spec: RFC 9293 §3.8.6.2.2 (silly-window avoidance), RFC 7323 §2.3.
   */
  window(): number {
    this.#wasRead = false;
    const gain = this.#gain();
    if (gain >= this.#leastGain()) this.#rcvAdv = seqAdd(this.#rcvAdv, gain);
    return Math.min(Math.max(seqDiff(this.#rcvAdv, this.rcvNxt), 0) >> this.windowShift, 0xffff);
  }

  /** The window field of a SYN, which is never scaled. */
  get synWindow(): number {
    return Math.min(this.#maxBytes, 0xffff);
  }

  /** A segment with the current acknowledgement and window has been sent, `alone` or with data. */
  acked({ alone }: { alone: boolean }): void {
    this.#unackedBytes = 0;
    this.ackAtMs = Infinity;
    // Each segment out of order has an answer of its own, without data, or the peer does not count it
    // as a duplicate (RFC 5681 §2); but once the holes are filled one is enough.
    if (this.buffer.ranges.count === 0) this.acksOwed = 0;
    else if (alone && this.acksOwed > 0) this.acksOwed--;
  }

  #gain(): number {
    const edge = seqAdd(this.rcvNxt, this.#maxBytes - this.buffer.readableBytes);
    return seqDiff(edge, this.#rcvAdv);
  }

  #leastGain(): number {
    return Math.min(this.#maxBytes / 2, this.#mssBytes);
  }
}
