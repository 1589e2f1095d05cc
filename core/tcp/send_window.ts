import { type Seq, seqAdd, seqDiff, seqLt, seqMax, toSeq } from "./seq.ts";

/** Longest time between probes of a closed window. Spec: RFC 9293 §3.8.6.1. */
const MAX_PERSIST_MS = 60_000;

/** How far sending has come, in the terms of `Sender`. */
export interface SentSoFar {
  /** Oldest unacknowledged sequence number. */
  readonly sndUna: Seq;
  /** After the highest sequence number ever sent. */
  readonly sndMax: Seq;
  /** Number of the first byte not yet acknowledged, which is never that of the SYN. */
  readonly streamStart: Seq;
}

/** The window a peer announces, and how often it was asked in vain to open it. */
export class SendWindow {
  /** Window in bytes, from `sndUna`. Spec: RFC 9293 §3.3.1 (SND.WND). */
  bytes = 0;
  /** Largest window ever announced. */
  maxBytes = 0;
  /** Shift of the window field. Spec: RFC 7323 §2.2. */
  shift = 0;
  /** Probes sent since the window was last open. */
  #probes = 0;
  /** Sequence and acknowledgement number of the segment last taken. Spec: RFC 9293 §3.3.1. */
  #wl1: Seq = toSeq(0);
  #wl2: Seq = toSeq(0);

  /** Takes the window of a SYN, which is never scaled; `ack` is what has been acknowledged by then. */
  open(bytes: number, seq: Seq, ack: Seq): void {
    this.bytes = this.maxBytes = bytes;
    this.#wl1 = seq;
    this.#wl2 = ack;
  }

  /**
   * Takes the window field of an acceptable segment, unless it is older than the last one taken.
   *
   * Deviation from RFC 9293 §3.10.7.4, which asks the sequence number first: the later acknowledgement
   * is the later segment. Else one that repeats lost data and acknowledges more would move `sndUna`
   * under an old window, whose right edge would lie beyond what the peer allows.
   */
  update(field: number, seq: Seq, ack: Seq): void {
    if (seqLt(ack, this.#wl2) || (ack === this.#wl2 && seqLt(seq, this.#wl1))) return;
    this.bytes = field << this.shift;
    if (this.bytes > 0) this.#probes = 0;
    this.maxBytes = Math.max(this.maxBytes, this.bytes);
    this.#wl1 = seq;
    this.#wl2 = ack;
  }

  /**
   * Number of an acknowledgement that goes alone: the next one, or the window's edge if more went than
   * that holds, as with a SYN, or before it shrank. Beyond it the peer takes nothing, not even an
   * acknowledgement. But by less than a unit of its field the edge may be further right than that tells,
   * and a FIN or a probe that was taken lies there; before what was taken nothing counts, either.
   */
  ackSeq({ sndUna, sndMax, streamStart }: SentSoFar): Seq {
    const edge = seqMax(seqAdd(sndUna, this.bytes), streamStart);
    return seqDiff(sndMax, edge) > 1 << this.shift ? edge : sndMax;
  }

  /** A probe was sent. */
  probed(): void {
    this.#probes++;
  }

  /** Time to the next probe; backed off on its own, as a closed window says nothing about the path. */
  persistMs(rtoMs: number): number {
    return Math.min(rtoMs * 2 ** this.#probes, MAX_PERSIST_MS);
  }

  /** Probes may have been lost on a path that is no more. */
  resetBackOff(): void {
    this.#probes = 0;
  }
}
