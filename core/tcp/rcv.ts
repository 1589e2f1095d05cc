import type { TcpOptions } from "./config.ts";
import { DEFAULT_MSS_BYTES } from "./mss.ts";
import { PAGE_BYTES, type PagePool } from "./paged_buffer.ts";
import { ReceiveBuffer } from "./receive_buffer.ts";
import { SackReport } from "./sack_report.ts";
import { FIN, type Segment } from "./segment.ts";
import { type Seq, seqAdd, seqDiff, seqLe, seqLt, seqMax, toSeq } from "./seq.ts";
import { INITIAL_BUFFER_BYTES } from "./send_buffer.ts";

/** Longest time an acknowledgement is held back. Spec: RFC 9293 §3.8.6.3 (at most 500 ms). */
const DELAYED_ACK_MS = 40;

/**
 * Full-sized segments that are acknowledged at once. Deviation from RFC 9293 §3.8.6.3: segments that
 * arrive in one batch share one acknowledgement, which the peers' byte counting allows (RFC 3465).
 */
const SEGMENTS_PER_ACK = 2;

/**
 * Shortest time over which the application's speed is measured. What it takes at once after a pause
 * says nothing about the path, and a window too wide fills the queues of everybody on it.
 */
const MIN_TUNING_PERIOD_MS = 20;

/** Duplicate acknowledgements sent for one batch of segments that arrived out of order. */
const MAX_DUPLICATE_ACKS = 64;

/** The receiving half of a connection: what has arrived, and when to say so. */
export class Receiver {
  /** Bytes the application has not read. */
  readonly buffer: ReceiveBuffer;
  /** What acknowledgements tell of what is beyond holes. */
  readonly sack: SackReport;
  /** Shift of our window field once both ends sent the option. Spec: RFC 7323 §2.3. */
  windowShift = 0;
  /** The window field of a SYN, which is never scaled; the same in each, as data may follow any. */
  readonly synWindow: number;
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
  /** The last acknowledgement number sent. Spec: RFC 7323 §4.3 (Last.ACK.sent). */
  lastAckSent: Seq = toSeq(0);
  /** After the last sequence number the peer was allowed to send. */
  #rcvAdv: Seq = toSeq(0);
  /** The same before a window was closed upon data: the peer may have sent that far. */
  #rcvAdvMax: Seq = toSeq(0);
  /** Window at most. */
  #maxBytes: number;
  /** Window now, when the buffer is empty. */
  #windowBytes: number;
  readonly #pages: PagePool;
  /** Whether the acknowledgement of a FIN waits for what may carry it. */
  readonly #delaysFinAck: boolean;
  /** Bytes the application has taken since `#tunedMs`. */
  #takenBytes = 0;
  #tunedMs = -1;
  #tuneAtMs = -Infinity;
  /** Bytes the application has read since the edge of the window last moved. */
  #readBytes = 0;
  #unackedBytes = 0;
  /** Largest payload seen: an estimate of the peer's segment size. */
  #mssBytes = DEFAULT_MSS_BYTES;
  #finSeq: Seq | undefined;

  /** Expects a SYN. */
  constructor(o: { pages: PagePool; options: TcpOptions }) {
    this.buffer = new ReceiveBuffer(o.pages);
    this.sack = new SackReport(this.buffer.ranges);
    this.#pages = o.pages;
    this.#delaysFinAck = o.options.synData;
    this.#maxBytes = o.options.receiveBufferBytes;
    this.#windowBytes = Math.min(this.#maxBytes, INITIAL_BUFFER_BYTES);
    this.synWindow = Math.min(this.#limit, 0xffff);
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
    this.#rcvAdv = this.#rcvAdvMax = seqAdd(this.rcvNxt, this.synWindow);
    this.windowShift = scaled ? this.offeredShift : 0;
    this.#maxBytes = Math.min(this.#maxBytes, 0xffff << this.windowShift);
    this.#windowBytes = Math.min(this.#windowBytes, this.#maxBytes);
  }

  /** Whether any part of the segment lies in the window. Spec: RFC 9293 §3.10.7.4 (first check). */
  accepts(segment: Segment): boolean {
    // With a closed window too, for the sake of ACK, RST and FIN; payload is then cut off.
    if (segment.seq === this.rcvNxt) return true;
    const length = segment.seqLength;
    if (length === 0) {
      // The right edge too, which RFC 9293 leaves out: a peer that has filled the window sends its
      // acknowledgements from there.
      return seqLt(this.rcvNxt, segment.seq) && seqLe(segment.seq, this.#rcvAdvMax);
    }
    return seqLt(segment.seq, this.#rcvAdv) && seqLt(this.rcvNxt, seqAdd(segment.seq, length));
  }

  /** Whether an unacceptable segment begins at most the largest window before or behind the expected. */
  isNear(segment: Segment): boolean {
    return Math.abs(seqDiff(segment.seq, this.rcvNxt)) <= this.#maxBytes;
  }

  /** Takes payload and FIN of an acceptable segment. */
  take(segment: Segment, nowMs: number): void {
    let { seq, payloadStart: start, payloadEnd: end } = segment;
    let fin = (segment.flags & FIN) !== 0;
    const length = end - start;
    if (length > this.#mssBytes) this.#mssBytes = length;
    const behind = seqDiff(this.rcvNxt, seq);
    if (behind > 0) {
      if (length > 0) this.sack.twice(seq, seqAdd(seq, Math.min(behind, length)));
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
      if (this.#delaysFinAck) this.oweDelayedAck(nowMs);
      else this.#ackNow();
    } else if (fin && end === start) this.#ackNow();
  }

  /**
   * Widens the window to what the application takes in two round trips, and half as much again for the
   * time that repairing a loss takes (dynamic right-sizing). Called for each segment with data.
   */
  tune(rttMs: number, nowMs: number): void {
    if (nowMs < this.#tuneAtMs) return;
    this.#tuneAtMs = nowMs + Math.max(rttMs, MIN_TUNING_PERIOD_MS);
    const elapsedMs = nowMs - this.#tunedMs;
    const wanted = 3 * this.#takenBytes * Math.max(rttMs, 1) / elapsedMs;
    if (this.#tunedMs >= 0 && wanted > this.#windowBytes) {
      this.#windowBytes = Math.min(Math.ceil(wanted), this.#maxBytes);
    }
    this.#takenBytes = 0;
    this.#tunedMs = nowMs;
  }

  #store(seq: Seq, segment: Segment, start: number, end: number, nowMs: number): void {
    // Without memory only what carries the stream on is taken, and little of that; it comes again.
    if (this.#pages.full && (seq !== this.rcvNxt || this.buffer.readableBytes >= PAGE_BYTES)) {
      // The window that was promised cannot be kept: with it closed the peer waits, as long as it takes,
      // where unanswered data would make it give up (RFC 9293 §3.8.6).
      this.#rcvAdv = this.rcvNxt;
      return this.#ackNow();
    }
    const hadHole = this.buffer.ranges.count > 0;
    if (hadHole && this.buffer.ranges.has(seq, seqAdd(seq, end - start))) {
      this.sack.twice(seq, seqAdd(seq, end - start));
    }
    const moved = this.buffer.store(this.rcvNxt, seq, segment.bytes, start, end);
    if (moved <= 0) {
      // Every segment out of order gets its own answer: the peer counts them (RFC 5681 §4.2).
      this.acksOwed = Math.min(this.acksOwed + 1, MAX_DUPLICATE_ACKS);
      this.sack.arrived(seq);
      return;
    }
    this.rcvNxt = seqAdd(this.rcvNxt, moved);
    this.#unackedBytes += moved;
    if (hadHole || this.#unackedBytes >= SEGMENTS_PER_ACK * this.#mssBytes) this.#ackNow();
    else this.oweDelayedAck(nowMs);
  }

  /** A segment lay outside the window; if all of it arrived before, the peer is told (RFC 2883). */
  outside({ seq, payloadBytes }: Segment): void {
    const end = seqAdd(seq, payloadBytes);
    if (payloadBytes > 0 && seqLt(this.irs, seq) && seqLe(end, this.rcvNxt)) {
      this.sack.twice(seq, end);
    }
    this.#ackNow();
  }

  #ackNow(): void {
    if (this.acksOwed === 0) this.acksOwed = 1;
  }

  /** An acknowledgement must go out soon, by itself if nothing carries it. */
  oweDelayedAck(nowMs: number): void {
    if (this.ackAtMs === Infinity) this.ackAtMs = nowMs + DELAYED_ACK_MS;
  }

  /** An acknowledgement must go out, whatever has arrived. */
  oweAck(): void {
    this.#ackNow();
  }

  /** Moves as many readable bytes as fit into `into`, and returns how many that were. */
  read(into: Uint8Array): number {
    const count = this.buffer.read(into);
    this.#readBytes += count;
    this.#takenBytes += count;
    return count;
  }

  /** Whether reading has opened the window so far that the peer should be told. */
  get windowUpdateDue(): boolean {
    if (this.#readBytes === 0 || this.finReceived || !this.#opens(this.#gain())) return false;
    // A window that grew by itself, as behind a SYN whose field holds no more, can wait for the next
    // segment: telling of it would cost each short connection a segment of its own.
    const unit = 1 << this.windowShift;
    return this.#readBytes >= this.#limit / 4 ||
      seqDiff(this.#rcvAdv, this.rcvNxt) - unit < this.#mssBytes;
  }

  /**
   * Moves the right edge of the window as far as the buffer allows, and returns the window field.
   *
   * Spec: RFC 9293 §3.8.6.2.2 (silly-window avoidance), RFC 7323 §2.3.
   */
  window(): number {
    const gain = this.#gain();
    if (this.#opens(gain)) {
      this.#rcvAdv = seqAdd(this.#rcvAdv, gain);
      this.#rcvAdvMax = seqMax(this.#rcvAdvMax, this.#rcvAdv);
      this.#readBytes = 0;
    }
    return Math.min(Math.max(seqDiff(this.#rcvAdv, this.rcvNxt), 0) >> this.windowShift, 0xffff);
  }

  /** The window field of a SYN-ACK: what the data that came with the SYN has left of it. */
  get synAckWindow(): number {
    return Math.min(Math.max(seqDiff(this.#rcvAdv, this.rcvNxt), 0), 0xffff);
  }

  /** A segment with the current acknowledgement and window has been sent, `alone` or with data. */
  acked({ alone }: { alone: boolean }): void {
    this.lastAckSent = this.rcvNxt;
    this.#unackedBytes = 0;
    this.ackAtMs = Infinity;
    // Each segment out of order has an answer of its own, without data, or the peer does not count it
    // as a duplicate (RFC 5681 §2); but once the holes are filled one is enough.
    if (this.buffer.ranges.count === 0) this.acksOwed = 0;
    else if (alone && this.acksOwed > 0) this.acksOwed--;
  }

  #gain(): number {
    const edge = seqAdd(this.rcvNxt, this.#limit - this.buffer.readableBytes);
    return seqDiff(edge, this.#rcvAdv);
  }

  /**
   * Whether the window gains enough to say so. A peer whose segments are larger than half of a buffer
   * that has shrunk waits for room for a whole one, and may have to be given the last of it.
   */
  #opens(gain: number): boolean {
    if (gain >= Math.min(this.#limit / 2, this.#mssBytes)) return true;
    return gain > 0 && this.buffer.readableBytes === 0 &&
      seqDiff(this.#rcvAdv, this.rcvNxt) < 2 * this.#mssBytes;
  }

  get #limit(): number {
    return Math.min(this.#windowBytes, this.#pages.shareBytes);
  }
}
