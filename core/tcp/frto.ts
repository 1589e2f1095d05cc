import { type Seq, seqLt } from "./seq.ts";

/** New segments that show whether what was sent before a timeout still arrives. Spec: RFC 5682 §3.1 (2b). */
const NEW_SEGMENTS = 2;

/** One acknowledgement after a timeout. */
export interface FrtoAck {
  /** Oldest unacknowledged sequence number, after it. */
  readonly sndUna: Seq;
  /** Next sequence number to send for the first time. */
  readonly sndNxt: Seq;
  /** After the highest sequence number that is known to have arrived. */
  readonly fack: Seq;
  /** Bytes by which it moved `sndUna`. */
  readonly ackedBytes: number;
  /** Bytes it newly says to have arrived. */
  readonly deliveredBytes: number;
  /** Whether it reports a segment that arrived twice. */
  readonly duplicate: boolean;
  /** Whether a full segment of new data is there and fits into the peer's window. */
  readonly fullSegmentWaits: boolean;
}

/**
 * Tells a delay from a loss after a timeout: before anything but the first segment is sent again, two
 * new ones go, and what their acknowledgements say of the old ones decides.
 *
 * Spec: RFC 5682 §3.1 (F-RTO with SACK).
 */
export class Frto {
  /** New segments to send now, in place of what is to be sent again. */
  newSegments = 0;
  #state: "off" | "first" | "second" = "off";
  /** After what was sent before the state was entered. Spec: RFC 5682 §3.1 (RecoveryPoint). */
  #point: Seq;

  /** @param iss initial send sequence number */
  constructor(iss: Seq) {
    this.#point = iss;
  }

  /** Whether nothing is to be sent again until the next acknowledgement. */
  get waits(): boolean {
    return this.#state === "second";
  }

  /** A timeout ran out with all before `sndNxt` sent. */
  begin(sndNxt: Seq): void {
    this.#state = "first";
    this.#point = sndNxt;
  }

  /** The timeout is dealt with in the common way. */
  stop(): void {
    this.#state = "off";
    this.newSegments = 0;
  }

  /** A new segment was sent. */
  sent(): void {
    if (this.newSegments > 0) this.newSegments--;
  }

  /** Whether by this acknowledgement the timeout was for nothing. */
  acked(ack: FrtoAck): boolean {
    if (this.#state === "second") return this.#second(ack);
    if (this.#state === "off" || ack.ackedBytes === 0) return false;
    // All of it may have waited for the segment that was sent again.
    if (!seqLt(ack.sndUna, this.#point) || !ack.fullSegmentWaits) this.stop();
    else {
      this.#state = "second";
      this.#point = ack.sndNxt;
      this.newSegments = NEW_SEGMENTS;
    }
    return false;
  }

  #second({ sndUna, fack, deliveredBytes, duplicate }: FrtoAck): boolean {
    // The segment sent again has arrived twice: that says nothing of the others.
    if (duplicate && deliveredBytes === 0) return false;
    this.stop();
    const beyond = seqLt(this.#point, sndUna) || seqLt(this.#point, fack);
    return deliveredBytes > 0 && !beyond;
  }
}
