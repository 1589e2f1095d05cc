/** One acknowledgement during recovery. */
export interface RecoveryAck {
  /** Bytes it newly says to have arrived. */
  readonly deliveredBytes: number;
  /** Bytes in flight after it. */
  readonly pipeBytes: number;
  /** Bytes that shall be in flight when recovery ends. */
  readonly ssthreshBytes: number;
  /** Effective segment size. */
  readonly mssBytes: number;
  /** Whether it moved `sndUna` and showed no further loss. */
  readonly progress: boolean;
}

/**
 * Proportional rate reduction: spreads what is sent during recovery evenly over the acknowledgements,
 * so that it ends with the flight the congestion control asked for, with neither burst nor gap.
 *
 * Spec: RFC 9937 §6, RFC 6937 §3.
 */
export class ProportionalRate {
  /** Bytes that may be sent now. */
  roomBytes = 0;
  #deliveredBytes = 0;
  #outBytes = 0;
  #flightBytes = 1;

  /** Recovery begins with this much between `sndUna` and `sndNxt`. */
  begin(flightBytes: number): void {
    this.roomBytes = this.#deliveredBytes = this.#outBytes = 0;
    this.#flightBytes = Math.max(flightBytes, 1);
  }

  /** An acknowledgement arrived. */
  acked(ack: RecoveryAck): void {
    this.#deliveredBytes += ack.deliveredBytes;
    let room: number;
    if (ack.pipeBytes > ack.ssthreshBytes) {
      const share = this.#deliveredBytes * ack.ssthreshBytes / this.#flightBytes;
      room = Math.ceil(share) - this.#outBytes;
    } else {
      const conserved = Math.max(this.#deliveredBytes - this.#outBytes, ack.deliveredBytes);
      const limit = conserved + (ack.progress ? ack.mssBytes : 0);
      room = Math.min(ack.ssthreshBytes - ack.pipeBytes, limit);
    }
    this.roomBytes = Math.max(room, 0);
  }

  /** Bytes were sent. */
  sent(bytes: number): void {
    this.#outBytes += bytes;
    this.roomBytes = Math.max(this.roomBytes - bytes, 0);
  }
}
