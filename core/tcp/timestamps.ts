import type { Segment } from "./segment.ts";
import { type Seq, seqDiff, seqLe, seqLt, toSeq } from "./seq.ts";

/** A timestamp older than this says nothing about order any more. Spec: RFC 7323 §5.5. */
const OUTDATED_MS = 24 * 24 * 3600 * 1000;

/** The timestamps of one connection: of when segments were sent, and whether they are old ones. */
export class Timestamps {
  /** Whether both ends agreed on them. */
  on = false;
  /** What this end echoes. Spec: RFC 7323 §4.3 (TS.Recent). */
  recent: Seq = toSeq(0);
  #recentAtMs = 0;
  readonly #offset: Seq;

  /**
   * The clock counts milliseconds from the initial sequence number, which nobody else can guess and
   * which grows with time between the same ports (RFC 7323 §5.4, RFC 6191 §2).
   */
  constructor(iss: Seq) {
    this.#offset = iss;
  }

  /** The value of a segment sent now. */
  value(nowMs: number): Seq {
    return toSeq(this.#offset + Math.floor(nowMs));
  }

  /** When the segment was sent that this one echoes, in ms. */
  echoedMs(segment: Segment, nowMs: number): number {
    return Math.floor(nowMs) - seqDiff(this.value(nowMs), toSeq(segment.tsEcr));
  }

  /** Takes the first value of the peer. */
  begin(segment: Segment, nowMs: number): void {
    this.recent = toSeq(segment.tsVal);
    this.#recentAtMs = nowMs;
  }

  /** Whether the segment is no old duplicate. Spec: RFC 7323 §5.3 (R1). */
  isCurrent(segment: Segment, nowMs: number): boolean {
    return seqLe(this.recent, toSeq(segment.tsVal)) || nowMs - this.#recentAtMs > OUTDATED_MS;
  }

  /** Takes the value of a segment that carries the stream on. Spec: RFC 7323 §4.3 (2), §5.3 (R3). */
  update(segment: Segment, lastAckSent: Seq, nowMs: number): void {
    if (seqLt(lastAckSent, segment.seq) || !this.isCurrent(segment, nowMs)) return;
    this.begin(segment, nowMs);
  }
}
