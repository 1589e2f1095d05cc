import type { CongestionControl } from "./congestion.ts";
import { type Seq, seqDiff, seqLt } from "./seq.ts";

/** Duplicate acknowledgements that mean a loss. Spec: RFC 5681 §3.2. */
const DUPLICATE_THRESHOLD = 3;

/** What recovery must know of the sender. */
export interface FlightView {
  /** Oldest unacknowledged sequence number. */
  readonly sndUna: Seq;
  /** After the highest sequence number sent. */
  readonly sndMax: Seq;
  /** Effective segment size. */
  readonly mssBytes: number;
}

/**
 * Decides what is lost from acknowledgements alone: fast retransmit and NewReno fast recovery, and
 * what follows a retransmission timeout.
 *
 * Spec: RFC 5681 §3.2, RFC 6582 §3.2, RFC 3042.
 */
export class LossRecovery {
  /** `fast`: repairing one window of data. `loss`: sending it all again after a timeout. */
  phase: "open" | "fast" | "loss" = "open";
  /** The first unacknowledged segment is to be sent again now. */
  retransmitOwed = false;
  /** What may be in flight beyond the congestion window. */
  extraBytes = 0;
  #duplicates = 0;
  /** Recovery ends when this is acknowledged. Spec: RFC 6582 §3 (recover). */
  #recover: Seq;

  /** @param iss initial send sequence number */
  constructor(iss: Seq) {
    this.#recover = iss;
  }

  /** A pure acknowledgement repeated the last one. */
  duplicateAck(flight: FlightView, congestion: CongestionControl, nowMs: number): void {
    if (this.phase === "fast") {
      this.extraBytes += flight.mssBytes;
      return;
    }
    this.#duplicates++;
    if (this.#duplicates < DUPLICATE_THRESHOLD) {
      // Limited transmit: each of the first two lets one new segment go (RFC 3042 §2).
      this.extraBytes = this.#duplicates * flight.mssBytes;
      return;
    }
    this.extraBytes = 0;
    // Duplicates caused by retransmissions after a timeout are no sign of loss (RFC 6582 §3.2 (2)).
    if (this.phase === "loss" || !seqLt(this.#recover, flight.sndUna)) return;
    this.phase = "fast";
    this.#recover = flight.sndMax;
    congestion.lossDetected(seqDiff(flight.sndMax, flight.sndUna), nowMs);
    this.extraBytes = DUPLICATE_THRESHOLD * flight.mssBytes;
    this.retransmitOwed = true;
  }

  /** `ackedBytes` were acknowledged for the first time; `flight` is as after that. */
  newAck(flight: FlightView, congestion: CongestionControl, ackedBytes: number): void {
    this.#duplicates = 0;
    if (this.phase === "open") {
      this.extraBytes = 0;
      return;
    }
    if (!seqLt(flight.sndUna, this.#recover)) {
      if (this.phase === "fast") congestion.recovered(seqDiff(flight.sndMax, flight.sndUna));
      this.phase = "open";
      this.extraBytes = 0;
      return;
    }
    if (this.phase === "loss") return;
    // A partial acknowledgement: the next hole is lost too (RFC 6582 §3.2 (3)).
    this.extraBytes = Math.max(this.extraBytes - ackedBytes, 0) + flight.mssBytes;
    this.retransmitOwed = true;
  }

  /** The retransmission timer ran out. Spec: RFC 6582 §3.2 (4). */
  timedOut(flight: FlightView, congestion: CongestionControl): void {
    congestion.timedOut(seqDiff(flight.sndMax, flight.sndUna), this.phase !== "loss");
    this.phase = "loss";
    this.#recover = flight.sndMax;
    this.#duplicates = 0;
    this.extraBytes = 0;
    this.retransmitOwed = false;
  }
}
