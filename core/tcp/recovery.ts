import type { AckNews } from "./ack_news.ts";
import type { CongestionControl } from "./congestion.ts";
import { Frto } from "./frto.ts";
import { ProportionalRate } from "./prr.ts";
import { Rack } from "./rack.ts";
import { Scoreboard } from "./scoreboard.ts";
import { type Seq, seqDiff, seqLt } from "./seq.ts";

/** Duplicate acknowledgements that mean a loss, where there is no SACK. Spec: RFC 5681 §3.2. */
const DUPLICATE_THRESHOLD = 3;

const FIRST_TIME = { againMs: -1 };

/** What recovery must know of the sender. */
export interface FlightView {
  /** Oldest unacknowledged sequence number. */
  readonly sndUna: Seq;
  /** Next sequence number to send. */
  readonly sndNxt: Seq;
  /** Effective segment size. */
  readonly mssBytes: number;
  /** Smoothed round-trip time, or -1. */
  readonly srttMs: number;
  /** Whether a full segment of new data is there and fits into the peer's window. */
  readonly fullSegmentWaits: boolean;
}

/**
 * Decides what is lost and what may be sent while it is repaired. With SACK: RACK, proportional rate
 * reduction, tail loss probes, F-RTO, undone where it was for nothing. Without: NewReno.
 *
 * Spec: RFC 8985, RFC 6675 §5, RFC 9937, RFC 5682; RFC 5681 §3.2, RFC 6582 §3.2, RFC 3042.
 */
export class LossRecovery {
  /** `fast`: repairing what was found lost. `loss`: sending it all again after a timeout. */
  phase: "open" | "fast" | "loss" = "open";
  /** Whether acknowledgements carry SACK blocks. */
  selective = false;
  /** What was sent. */
  readonly board: Scoreboard;
  /** Times of segments. */
  readonly rack: Rack;
  /** Whether a timeout was one. */
  readonly frto: Frto;
  /** The first lost segment goes out whatever the congestion window says. */
  urgent = false;
  /** What may be in flight beyond the congestion window, without SACK. */
  extraBytes = 0;
  /** When to look for losses again, or `Infinity`. Spec: RFC 8985 §6.3 (reordering timer). */
  reorderAtMs = Infinity;
  /** A tail loss probe is to be sent now. */
  probeOwed = false;
  readonly #prr = new ProportionalRate();
  /** The congestion window was reduced for what is being repaired. */
  #reduced = false;
  #duplicates = 0;
  /** Recovery ends when this is acknowledged. Spec: RFC 6582 §3 (recover). */
  #recover: Seq;
  /** What was sent again since `#undoFrom` and is not known to have arrived twice; -1: no undoing. */
  #undoBytes = -1;
  #undoFrom: Seq;
  /** When that was first sent again, -1 once it does not matter any more. */
  #againMs = -1;
  #probe: "none" | "new" | "resent" = "none";
  #probeEnd: Seq;

  /** @param iss initial send sequence number */
  constructor(iss: Seq) {
    this.#recover = this.#undoFrom = this.#probeEnd = iss;
    this.rack = new Rack(iss);
    this.frto = new Frto(iss);
    this.board = new Scoreboard(iss, this.rack);
  }

  /** Whether a tail loss probe may be planned. Spec: RFC 8985 §7.2. */
  get mayProbe(): boolean {
    return this.selective && this.phase === "open" && this.#probe === "none" &&
      this.board.sackedCount === 0 && this.board.count > 0;
  }

  /** Whether growth of the congestion window goes on: nothing was taken from it. */
  get growing(): boolean {
    return this.phase === "open" || (this.phase === "fast" && !this.#reduced);
  }

  /** Bytes that may be sent now. */
  room(cwndBytes: number): number {
    if (this.selective && this.phase === "fast" && this.#reduced) return this.#prr.roomBytes;
    return cwndBytes + this.extraBytes - this.board.pipeBytes;
  }

  /** Whether so many bytes may be sent that never were. */
  mayGoOn(bytes: number, cwndBytes: number): boolean {
    if (this.frto.waits) return this.frto.newSegments > 0;
    // What is to be sent again goes first, even if that has to wait.
    if (this.board.lostBytes > 0) return false;
    return this.board.pipeBytes === 0 || this.room(cwndBytes) >= bytes;
  }

  /** `bytes` were sent, at `againMs` if not for the first time. */
  sent(bytes: number, { againMs }: { againMs: number } = FIRST_TIME): void {
    if (this.phase === "fast") this.#prr.sent(bytes);
    if (againMs < 0) return;
    this.urgent = false;
    if (this.#undoBytes === 0) this.#againMs = againMs;
    if (this.#undoBytes >= 0) this.#undoBytes += bytes;
  }

  /** The probe was sent; it ends at `end`. */
  probed(end: Seq, again: boolean): void {
    this.#probe = again ? "resent" : "new";
    this.#probeEnd = end;
  }

  /** Without SACK: a pure acknowledgement repeated the last one. */
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
    this.#enter(flight);
    this.#reduce(flight, congestion, nowMs);
    this.extraBytes = DUPLICATE_THRESHOLD * flight.mssBytes;
    this.board.loseFirst();
  }

  /** Without SACK: `ackedBytes` were acknowledged for the first time; `flight` is as after that. */
  newAck(flight: FlightView, congestion: CongestionControl, ackedBytes: number): void {
    this.#duplicates = 0;
    if (this.phase === "open") {
      this.extraBytes = 0;
      return;
    }
    if (!seqLt(flight.sndUna, this.#recover)) return this.#leave(flight, congestion);
    if (this.phase === "loss") return;
    // A partial acknowledgement: the next hole is lost too (RFC 6582 §3.2 (3)).
    this.extraBytes = Math.max(this.extraBytes - ackedBytes, 0) + flight.mssBytes;
    this.board.loseFirst();
    this.urgent = true;
  }

  /** With SACK: an acknowledgement arrived and the scoreboard has been told; `flight` is as after that. */
  selectiveAck(
    flight: FlightView,
    congestion: CongestionControl,
    { news, nowMs }: { news: AckNews; nowMs: number },
  ): void {
    if (this.#probe !== "none") this.#answeredProbe(flight, congestion, news, nowMs);
    const allDuplicate = news.duplicate && this.#duplicate(flight, news);
    const forNothing = allDuplicate || this.#answersOriginal(news) ||
      (this.phase === "loss" && this.#arrivesUnsent(flight, news));
    if (forNothing) this.#undo(congestion);
    if (this.phase !== "open" && !seqLt(flight.sndUna, this.#recover)) {
      this.#leave(flight, congestion);
    }
    const lost = this.detect(flight, congestion, nowMs);
    if (this.phase !== "fast" || !this.#reduced) return;
    this.#prr.acked({
      deliveredBytes: news.deliveredBytes,
      pipeBytes: this.board.pipeBytes,
      ssthreshBytes: congestion.ssthreshBytes,
      mssBytes: flight.mssBytes,
      progress: news.ackedBytes > 0 && !lost,
    });
  }

  /** Looks for what is lost by now; whether there was anything. Spec: RFC 8985 §6.2 (step 5). */
  detect(flight: FlightView, congestion: CongestionControl, nowMs: number): boolean {
    const { board, rack } = this;
    this.reorderAtMs = Infinity;
    if (!board.anyBefore(rack)) return false;
    const recovering = this.phase !== "open";
    const { sackedCount } = board;
    const { srttMs } = flight;
    const waitMs = rack.rttMs + rack.windowMs({ sackedCount, recovering, srttMs });
    const before = board.lostBytes;
    const latestMs = board.detectLost(rack, waitMs, nowMs);
    if (latestMs >= 0) this.reorderAtMs = latestMs + waitMs;
    const lostBytes = board.lostBytes - before;
    if (lostBytes === 0) return false;
    if (this.phase === "open") this.#enter(flight);
    if (this.phase === "fast" && !this.#reduced && congestion.congested(lostBytes)) {
      this.#reduce(flight, congestion, nowMs);
    }
    return true;
  }

  /** The retransmission timer ran out. Spec: RFC 6582 §3.2 (4), RFC 8985 §6.3. */
  timedOut(flight: FlightView, congestion: CongestionControl): void {
    const first = this.phase !== "loss";
    congestion.timedOut(seqDiff(flight.sndNxt, flight.sndUna), first);
    if (first) {
      this.#undoFrom = flight.sndUna;
      this.#undoBytes = 0;
    }
    if (first && this.selective) this.frto.begin(flight.sndNxt);
    else this.frto.stop();
    this.phase = "loss";
    this.#reduced = true;
    this.#recover = flight.sndNxt;
    this.#duplicates = 0;
    this.extraBytes = 0;
    this.urgent = false;
    this.probeOwed = false;
    this.#probe = "none";
    this.reorderAtMs = Infinity;
    this.board.loseAll();
  }

  /** What was sent with or behind the SYN was lost with it, and is repaired as after a timeout. */
  lostWithSyn(flight: FlightView): void {
    this.phase = "loss";
    this.#recover = flight.sndNxt;
  }

  #enter(flight: FlightView): void {
    this.phase = "fast";
    this.#reduced = false;
    this.#recover = flight.sndNxt;
    this.urgent = true;
    this.#undoBytes = -1;
  }

  #reduce(flight: FlightView, congestion: CongestionControl, nowMs: number): void {
    const flightBytes = seqDiff(flight.sndNxt, flight.sndUna);
    congestion.lossDetected(flightBytes, nowMs);
    this.#reduced = this.urgent = true;
    this.#prr.begin(flightBytes);
    this.#undoFrom = flight.sndUna;
    this.#undoBytes = 0;
  }

  #leave(flight: FlightView, congestion: CongestionControl): void {
    if (this.phase === "fast" && this.#reduced && !this.selective) {
      congestion.recovered(seqDiff(flight.sndNxt, flight.sndUna));
    }
    this.phase = "open";
    this.#reduced = false;
    this.frto.stop();
    this.extraBytes = 0;
    this.rack.recovered();
  }

  /** Whether by now all that was sent again is known to have arrived twice. Spec: RFC 2883 §4. */
  #duplicate(flight: FlightView, news: AckNews): boolean {
    this.rack.duplicate(flight);
    if (this.#undoBytes <= 0 || seqLt(news.duplicateStart, this.#undoFrom)) return false;
    const twiceBytes = seqDiff(news.duplicateEnd, news.duplicateStart);
    this.#undoBytes = Math.max(this.#undoBytes - twiceBytes, 0);
    return this.#undoBytes === 0;
  }

  /** Whether the first progress answers what was sent before anything was sent again. Spec: RFC 3522. */
  #answersOriginal({ ackedBytes, echoedMs }: AckNews): boolean {
    if (ackedBytes === 0 || this.#againMs < 0) return false;
    const againMs = this.#againMs;
    this.#againMs = -1;
    return this.#undoBytes > 0 && echoedMs >= 0 && echoedMs < Math.floor(againMs);
  }

  /** Whether after a timeout what was not sent again goes on arriving. Spec: RFC 5682. */
  #arrivesUnsent(flight: FlightView, news: AckNews): boolean {
    const { sndUna, sndNxt, fullSegmentWaits } = flight;
    const { ackedBytes, deliveredBytes, duplicate, echoedMs } = news;
    const { fack } = this.rack;
    // Timestamps have told already, and at once.
    if (echoedMs >= 0) this.frto.stop();
    const forNothing = this.frto.acked({
      sndUna,
      sndNxt,
      fack,
      ackedBytes,
      deliveredBytes,
      duplicate,
      fullSegmentWaits,
    });
    if (forNothing) this.rack.mistaken();
    return forNothing;
  }

  /** All that was sent again had arrived: the window is as if nothing had been. Spec: RFC 4015. */
  #undo(congestion: CongestionControl): void {
    congestion.undo();
    this.#undoBytes = -1;
    this.frto.stop();
    if (this.phase === "open") return;
    this.board.recall();
    this.phase = "open";
    this.#reduced = false;
    this.urgent = false;
  }

  /** Spec: RFC 8985 §7.4. */
  #answeredProbe(
    flight: FlightView,
    congestion: CongestionControl,
    news: AckNews,
    nowMs: number,
  ): void {
    if (seqLt(flight.sndUna, this.#probeEnd)) return;
    const repaired = this.#probe === "resent" && !news.duplicate;
    const beyond = seqLt(this.#probeEnd, flight.sndUna);
    // Its acknowledgement may be followed by a duplicate, which says that both copies arrived.
    if (repaired && !beyond && news.ackedBytes > 0) return;
    this.#probe = "none";
    if (!repaired || !beyond || this.phase !== "open") return;
    // The probe itself filled the hole: there was a loss, though nothing is left to repair.
    if (congestion.congested(flight.mssBytes)) {
      congestion.lossDetected(seqDiff(flight.sndNxt, flight.sndUna) + news.ackedBytes, nowMs);
    }
  }
}
