import { RangeSet } from "./reassembly.ts";
import { type Seq, seqAdd, seqDiff, seqLe, seqLt, seqMax } from "./seq.ts";

/** Has arrived out of order, as a SACK block says. */
const SACKED = 1;

/** Is held to be lost and waits to be sent again. */
const LOST = 2;

/** Was sent more than once. */
const RESENT = 4;

/**
 * Records to begin with; the arrays double from there. A short exchange needs no more, and arrays of up
 * to 64 bytes are made ten times as fast as larger ones.
 */
const MIN_RECORDS = 8;

/** An empty board gives larger arrays than these back, so that an idle connection is small. */
const MAX_IDLE_RECORDS = 64;

/** Ranges a peer may report; what would need one more is not noted, and sent again if need be. */
const MAX_SACKED_RANGES = 1024;

const NONE = -1;
const NO_INTEGERS = new Int32Array(0);
const NO_TIMES = new Float64Array(0);
const NO_FLAGS = new Uint8Array(0);

/** Told of every record when it is first known to have arrived. */
export interface DeliveryObserver {
  /** The segment that ends at `end` was sent last at `sentMs`; `resent` if more than once. */
  delivered(end: Seq, sentMs: number, resent: boolean): void;
}

/**
 * What was sent and not yet acknowledged, segment by segment: a ring in the order of sequence numbers,
 * and through it a list in the order of sending of those that count as in flight. Every operation
 * costs time for what it changes only, however much is in flight.
 *
 * Spec: RFC 6675 §3 (scoreboard, pipe), RFC 8985 §5.1 (per-segment data).
 */
export class Scoreboard {
  /** Bytes in flight: sent, and neither arrived nor lost. Spec: RFC 6675 §2 (pipe). */
  pipeBytes = 0;
  /** Bytes held to be lost and not yet sent again. */
  lostBytes = 0;
  /** Segments that arrived out of order. */
  sackedCount = 0;
  /** Bytes known to have arrived, ever. */
  deliveredBytes = 0;
  readonly #observer: DeliveryObserver;
  readonly #sacked = new RangeSet(MAX_SACKED_RANGES);
  #ends = NO_INTEGERS;
  #sentMs = NO_TIMES;
  #flags = NO_FLAGS;
  /** Neighbours in the order of sending, as slots. */
  #newer = NO_INTEGERS;
  #older = NO_INTEGERS;
  #oldest = NONE;
  #newest = NONE;
  /** Slot of the first record. */
  #head = 0;
  #count = 0;
  /** No record before this position is lost. */
  #lostFrom = 0;
  /** Start of the first record. */
  #una: Seq;
  /** End of the last record. */
  #end: Seq;

  /** @param iss where the first record will start */
  constructor(iss: Seq, observer: DeliveryObserver) {
    this.#una = this.#end = iss;
    this.#observer = observer;
  }

  /** When the first segment was sent last; there must be one. */
  get firstSentMs(): number {
    return this.#sentMs[this.#head]!;
  }

  /** Number of segments. */
  get count(): number {
    return this.#count;
  }

  /** A new segment up to `end` was sent. */
  append(end: Seq, nowMs: number): void {
    if (this.#count === this.#ends.length) this.#grow();
    const slot = this.#slot(this.#count++);
    this.#ends[slot] = end;
    this.#sentMs[slot] = nowMs;
    this.#flags[slot] = 0;
    this.#link(slot);
    this.pipeBytes += seqDiff(end, this.#end);
    this.#end = end;
  }

  /** Everything before `ack` has arrived. */
  acknowledge(ack: Seq): void {
    let popped = 0;
    const ends = this.#ends;
    while (this.#count > 0) {
      const slot = this.#head;
      const end = ends[slot]! as Seq;
      const whole = seqLe(end, ack);
      const length = seqDiff(whole ? end : seqMax(ack, this.#una), this.#una);
      const flags = this.#flags[slot]!;
      if ((flags & SACKED) === 0) {
        this.deliveredBytes += length;
        if ((flags & LOST) !== 0) this.lostBytes -= length;
        else this.pipeBytes -= length;
      }
      this.#una = seqAdd(this.#una, length);
      if (!whole) break;
      if ((flags & SACKED) !== 0) this.sackedCount--;
      else {
        if ((flags & LOST) === 0) this.#unlink(slot);
        this.#observer.delivered(end, this.#sentMs[slot]!, (flags & RESENT) !== 0);
      }
      this.#head = (slot + 1) & (ends.length - 1);
      this.#count--;
      popped++;
    }
    this.#lostFrom = Math.max(this.#lostFrom - popped, 0);
    if (this.#sacked.count > 0) this.#sacked.removeBefore(ack);
    if (this.#count > 0) return;
    this.#una = this.#end = seqMax(this.#end, ack);
    if (ends.length > MAX_IDLE_RECORDS) this.#allocate(0);
  }

  /** The peer has what lies between; whole segments of it are noted. */
  sack(start: Seq, end: Seq): void {
    if (!seqLt(start, end) || seqLt(this.#end, end) || seqLt(start, this.#una)) return;
    const { count } = this.#sacked;
    // What is known already is leapt over, or every acknowledgement would cost a walk of the window.
    let index = this.#sacked.after(start);
    let at = start;
    for (; index < count && seqLt(at, end); index++) {
      const known = this.#sacked.start(index);
      if (seqLt(at, known)) this.#sackGap(at, seqLt(known, end) ? known : end);
      at = seqMax(at, this.#sacked.end(index));
    }
    if (seqLt(at, end)) this.#sackGap(at, end);
    this.#sacked.add(start, end);
  }

  #sackGap(start: Seq, end: Seq): void {
    let position = this.#positionOf(start);
    for (; position < this.#count; position++) {
      const slot = this.#slot(position);
      const right = this.#ends[slot]! as Seq;
      if (seqLt(end, right)) return;
      const flags = this.#flags[slot]!;
      if ((flags & SACKED) !== 0) continue;
      const length = this.length(position);
      this.deliveredBytes += length;
      if ((flags & LOST) !== 0) this.lostBytes -= length;
      else {
        this.pipeBytes -= length;
        this.#unlink(slot);
      }
      this.#flags[slot] = (flags & ~LOST) | SACKED;
      this.sackedCount++;
      this.#observer.delivered(right, this.#sentMs[slot]!, (flags & RESENT) !== 0);
    }
  }

  /** Whether anything in flight was sent before the segment `latest`. */
  anyBefore(latest: { sentMs: number; end: Seq }): boolean {
    const slot = this.#oldest;
    if (slot === NONE) return false;
    const sent = this.#sentMs[slot]!;
    return sent < latest.sentMs ||
      (sent === latest.sentMs && seqLt(this.#ends[slot]! as Seq, latest.end));
  }

  /**
   * Of the segments in flight that were sent before the one `latest`, those sent `waitMs` ago are lost.
   * Returns when the latest of the others was sent, or -1. Spec: RFC 8985 §6.2 (step 5).
   */
  detectLost(latest: { sentMs: number; end: Seq }, waitMs: number, nowMs: number): number {
    let latestMs = -1;
    for (let slot = this.#oldest; slot !== NONE;) {
      const sent = this.#sentMs[slot]!;
      const behind = sent === latest.sentMs && seqLt(this.#ends[slot]! as Seq, latest.end);
      if (sent >= latest.sentMs && !behind) break;
      const next = this.#newer[slot]!;
      if (sent + waitMs <= nowMs) this.#lose((slot - this.#head) & (this.#ends.length - 1));
      else latestMs = sent;
      slot = next;
    }
    return latestMs;
  }

  /** The first segment is lost. */
  loseFirst(): void {
    if (this.#count > 0 && (this.#flags[this.#head]! & (LOST | SACKED)) === 0) this.#lose(0);
  }

  /**
   * Everything that has not arrived is lost. A first segment that the peer said it had and did not
   * acknowledge shows that it takes such words back: then none of them counts (RFC 2018 §8).
   */
  loseAll(): void {
    const reneged = this.#count > 0 && (this.#flags[this.#head]! & SACKED) !== 0;
    if (reneged) this.#sacked.clear();
    for (let position = this.#count - 1; position >= 0; position--) {
      const slot = this.#slot(position);
      if (reneged && (this.#flags[slot]! & SACKED) !== 0) {
        this.#flags[slot]! &= ~SACKED;
        this.sackedCount--;
        const length = this.length(position);
        this.deliveredBytes -= length;
        this.pipeBytes += length;
        this.#link(slot);
      }
      if ((this.#flags[slot]! & (LOST | SACKED)) === 0) this.#lose(position);
    }
  }

  /** Nothing is lost after all: what waits to be sent again counts as in flight, as it was. */
  recall(): void {
    for (let position = this.#lostFrom; this.lostBytes > 0; position++) {
      const slot = this.#slot(position);
      if ((this.#flags[slot]! & LOST) === 0) continue;
      this.#flags[slot]! &= ~LOST;
      const length = this.length(position);
      this.lostBytes -= length;
      this.pipeBytes += length;
      this.#insert(slot);
    }
  }

  /** Position of the first lost segment; there must be one. */
  firstLost(): number {
    let position = this.#lostFrom;
    while ((this.#flags[this.#slot(position)]! & LOST) === 0) position++;
    return this.#lostFrom = position;
  }

  /** Where the segment at this position starts. */
  start(position: number): Seq {
    return position === 0 ? this.#una : this.#ends[this.#slot(position - 1)]! as Seq;
  }

  /** Sequence numbers of the segment at this position. */
  length(position: number): number {
    return seqDiff(this.#ends[this.#slot(position)]! as Seq, this.start(position));
  }

  /** The segment at this position was sent again. */
  resent(position: number, nowMs: number): void {
    const slot = this.#slot(position);
    const flags = this.#flags[slot]!;
    if ((flags & LOST) !== 0) {
      const length = this.length(position);
      this.lostBytes -= length;
      this.pipeBytes += length;
    } else if ((flags & SACKED) === 0) this.#unlink(slot);
    this.#flags[slot] = (flags & ~LOST) | RESENT;
    this.#sentMs[slot] = nowMs;
    if ((flags & SACKED) === 0) this.#link(slot);
  }

  /** Splits what is longer than `maxBytes`, for a path that became narrower; what arrived may be taken back. */
  resegment(maxBytes: number): void {
    const old = { ends: this.#ends, sentMs: this.#sentMs, flags: this.#flags };
    const [head, count, mask] = [this.#head, this.#count, this.#ends.length - 1];
    let pieces = 0;
    for (let i = 0; i < count; i++) pieces += Math.ceil(this.length(i) / maxBytes);
    if (pieces === count) return;
    let capacity = this.#ends.length;
    while (capacity < pieces) capacity *= 2;
    const order = this.#inOrderOfSending();
    const firstPiece = new Int32Array(count + 1);
    let at = this.#una;
    this.#allocate(capacity);
    this.sackedCount = 0;
    for (let i = 0; i < count; i++) {
      firstPiece[i] = this.#count;
      const slot = (head + i) & mask;
      const end = old.ends[slot]! as Seq;
      while (seqLt(at, end)) {
        at = seqDiff(end, at) <= maxBytes ? end : seqAdd(at, maxBytes);
        this.#ends[this.#count] = at;
        this.#sentMs[this.#count] = old.sentMs[slot]!;
        this.#flags[this.#count++] = old.flags[slot]!;
        this.sackedCount += old.flags[slot]! & SACKED;
      }
    }
    firstPiece[count] = this.#count;
    for (const position of order) {
      for (let i = firstPiece[position]!; i < firstPiece[position + 1]!; i++) this.#link(i);
    }
    this.#lostFrom = 0;
  }

  #inOrderOfSending(): number[] {
    const order: number[] = [];
    for (let slot = this.#oldest; slot !== NONE; slot = this.#newer[slot]!) {
      order.push((slot - this.#head) & (this.#ends.length - 1));
    }
    return order;
  }

  #lose(position: number): void {
    const slot = this.#slot(position);
    const length = this.length(position);
    this.#unlink(slot);
    this.#flags[slot]! |= LOST;
    this.pipeBytes -= length;
    this.lostBytes += length;
    this.#lostFrom = Math.min(this.#lostFrom, position);
  }

  #slot(position: number): number {
    return (this.#head + position) & (this.#ends.length - 1);
  }

  /** The first position that does not start before `seq`. */
  #positionOf(seq: Seq): number {
    if (seqLe(seq, this.#una)) return 0;
    let [low, high] = [0, this.#count];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (seqLt(this.#ends[this.#slot(middle)]! as Seq, seq)) low = middle + 1;
      else high = middle;
    }
    return low + 1;
  }

  #link(slot: number): void {
    this.#older[slot] = this.#newest;
    this.#newer[slot] = NONE;
    if (this.#newest === NONE) this.#oldest = slot;
    else this.#newer[this.#newest] = slot;
    this.#newest = slot;
  }

  /** Puts a slot back where its time of sending says; what was sent since is little. */
  #insert(slot: number): void {
    let older = this.#newest;
    while (older !== NONE && this.#sentAfter(older, slot)) older = this.#older[older]!;
    if (older === this.#newest) return this.#link(slot);
    const newer = older === NONE ? this.#oldest : this.#newer[older]!;
    this.#older[slot] = older;
    this.#newer[slot] = newer;
    this.#older[newer] = slot;
    if (older === NONE) this.#oldest = slot;
    else this.#newer[older] = slot;
  }

  /** Spec: RFC 8985 §5.2 (RACK_sent_after). */
  #sentAfter(a: number, b: number): boolean {
    const [aMs, bMs] = [this.#sentMs[a]!, this.#sentMs[b]!];
    return aMs > bMs || (aMs === bMs && seqLt(this.#ends[b]! as Seq, this.#ends[a]! as Seq));
  }

  #unlink(slot: number): void {
    const [older, newer] = [this.#older[slot]!, this.#newer[slot]!];
    if (older === NONE) this.#oldest = newer;
    else this.#newer[older] = newer;
    if (newer === NONE) this.#newest = older;
    else this.#older[newer] = older;
  }

  #grow(): void {
    const order = this.#inOrderOfSending();
    const { length } = this.#ends;
    const [ends, sentMs, flags] = [this.#ends, this.#sentMs, this.#flags];
    const [head, count, lostFrom] = [this.#head, this.#count, this.#lostFrom];
    this.#allocate(Math.max(2 * length, MIN_RECORDS));
    for (let i = 0; i < count; i++) {
      const slot = (head + i) & (length - 1);
      this.#ends[i] = ends[slot]!;
      this.#sentMs[i] = sentMs[slot]!;
      this.#flags[i] = flags[slot]!;
    }
    this.#count = count;
    this.#lostFrom = lostFrom;
    for (const position of order) this.#link(position);
  }

  /** Empty arrays of this size, a power of two or 0, on one buffer: each costs 200 bytes by itself. */
  #allocate(capacity: number): void {
    const buffer = new ArrayBuffer(21 * capacity);
    this.#sentMs = new Float64Array(buffer, 0, capacity);
    this.#ends = new Int32Array(buffer, 8 * capacity, capacity);
    this.#newer = new Int32Array(buffer, 12 * capacity, capacity);
    this.#older = new Int32Array(buffer, 16 * capacity, capacity);
    this.#flags = new Uint8Array(buffer, 20 * capacity, capacity);
    this.#head = this.#count = this.#lostFrom = 0;
    this.#oldest = this.#newest = NONE;
  }
}
