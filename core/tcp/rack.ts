import type { DeliveryObserver } from "./scoreboard.ts";
import { type Seq, seqLe, seqLt, seqMax } from "./seq.ts";

/** Segments that arrived out of order which mean a loss while nothing was ever reordered. */
const DUPLICATE_THRESHOLD = 3;

/** The reordering window grows in quarters of the least round-trip time. Spec: RFC 8985 §6.2. */
const WINDOW_DIVISOR = 4;

/** Recoveries after which a widened window narrows again. Spec: RFC 8985 §6.2 (step 4). */
const WINDOW_PERSISTS = 16;

/** The least round-trip time is that of the last one to two of these. */
const MIN_RTT_PERIOD_MS = 30_000;

/** When a segment is lost: what was sent after it has arrived, a while ago. Spec: RFC 8985. */
export class Rack implements DeliveryObserver {
  /** When the segment sent last, of all that arrived, was sent; -1 before there is one. */
  sentMs = -1;
  /** Where that segment ends. */
  end: Seq;
  /** Round-trip time of that segment. */
  rttMs = 0;
  /**
   * Round-trip time of the segment sent last that the current acknowledgement is for, or -1 if that is
   * not certain. Spec: RFC 6298 §3 (Karn).
   */
  sampleMs = -1;
  #nowMs = 0;
  #echoedMs = -1;
  #ambiguous = false;
  #minRttMs = Infinity;
  #lastMinRttMs = Infinity;
  #periodEndMs = -Infinity;
  /** End of the highest segment that arrived. Spec: RFC 8985 §5.2 (RACK.fack). */
  #fack: Seq;
  /** The same before the current acknowledgement, whose blocks come in any order. */
  #fackBefore: Seq;
  #reordered = false;
  #multiplier = 1;
  #persists = 0;
  #dsackRound: Seq | undefined;

  /** @param iss initial send sequence number */
  constructor(iss: Seq) {
    this.end = this.#fack = this.#fackBefore = iss;
  }

  /** End of the highest segment that arrived. */
  get fack(): Seq {
    return this.#fack;
  }

  /** Least round-trip time of late, or `Infinity`. */
  get minRttMs(): number {
    return Math.min(this.#minRttMs, this.#lastMinRttMs);
  }

  /** An acknowledgement arrives, which echoes a segment of `echoedMs`, -1 if that is unknown; what it is for follows by {@linkcode Rack.delivered}. */
  arrives(nowMs: number, echoedMs: number): void {
    this.#nowMs = nowMs;
    this.#echoedMs = echoedMs;
    this.sampleMs = -1;
    this.#ambiguous = false;
    this.#fackBefore = this.#fack;
    if (nowMs < this.#periodEndMs) return;
    this.#lastMinRttMs = this.#minRttMs;
    this.#minRttMs = Infinity;
    this.#periodEndMs = nowMs + MIN_RTT_PERIOD_MS;
  }

  /** Spec: RFC 8985 §6.2 (steps 1 to 3). */
  delivered(end: Seq, sentMs: number, resent: boolean): void {
    const rttMs = Math.max(this.#nowMs - sentMs, 0);
    if (resent) {
      // Whatever comes with it may have waited for it, unacknowledged.
      this.#ambiguous = true;
      this.sampleMs = -1;
      // Older than the second copy, or too soon to answer it: it was the first that arrived.
      if (this.#echoedMs >= 0 && this.#echoedMs < Math.floor(sentMs)) return;
      if (rttMs < this.minRttMs) return;
    } else {
      if (rttMs < this.#minRttMs) this.#minRttMs = rttMs;
      if (!this.#ambiguous) this.sampleMs = rttMs;
      if (seqLt(end, this.#fackBefore)) this.#reordered = true;
    }
    this.#fack = seqMax(this.#fack, end);
    if (sentMs < this.sentMs || (sentMs === this.sentMs && seqLe(end, this.end))) return;
    this.sentMs = sentMs;
    this.end = end;
    this.rttMs = rttMs;
  }

  /**
   * How long a segment may be late. None before reordering was ever seen, once there is proof enough
   * of a loss. Spec: RFC 8985 §6.2 (step 4).
   */
  windowMs(o: { sackedCount: number; recovering: boolean; srttMs: number }): number {
    if (!this.#reordered && (o.recovering || o.sackedCount >= DUPLICATE_THRESHOLD)) return 0;
    if (this.minRttMs === Infinity) return 0;
    return Math.min(this.#multiplier * this.minRttMs / WINDOW_DIVISOR, Math.max(o.srttMs, 0));
  }

  /** A segment arrived twice: the window was too narrow. Spec: RFC 8985 §6.2 (step 4), RFC 2883. */
  duplicate(o: { sndUna: Seq; sndNxt: Seq }): void {
    if (this.#dsackRound !== undefined && seqLt(o.sndUna, this.#dsackRound)) return;
    this.#dsackRound = o.sndNxt;
    this.#multiplier++;
    this.#persists = WINDOW_PERSISTS;
  }

  /** A recovery has ended. */
  recovered(): void {
    if (this.#persists > 0 && --this.#persists === 0) this.#multiplier = 1;
  }

  /** What was sent again last had not arrived yet: it was the first copy. */
  mistaken(): void {
    this.sentMs = -1;
  }

  /** The path changed, and with it the times it takes. */
  pathChanged(): void {
    this.#minRttMs = this.#lastMinRttMs = Infinity;
  }
}
