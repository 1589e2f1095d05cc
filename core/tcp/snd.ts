import type { CongestionControl } from "./congestion.ts";
import type { TcpOptions } from "./config.ts";
import { NewReno } from "./new_reno.ts";
import type { PagePool } from "./paged_buffer.ts";
import { LossRecovery } from "./recovery.ts";
import { RttEstimator } from "./rto.ts";
import { SendBuffer } from "./send_buffer.ts";
import { type Seq, seqAdd, seqDiff, seqLe, seqLt, seqMax } from "./seq.ts";

/** Segment size of a peer that announces none. Spec: RFC 9293 §3.7.1. */
export const DEFAULT_MSS_BYTES = 536;

/** Least segment size taken from a peer; less would make this end send floods of headers. */
const MIN_MSS_BYTES = 64;

/** Longest time between probes of a closed window. Spec: RFC 9293 §3.8.6.1. */
const MAX_PERSIST_MS = 60_000;

/** IPv4 and TCP headers without options, which the MSS does not count. Spec: RFC 6691. */
export const MSS_OVERHEAD_BYTES = 40;

/** The sending half of a connection: what to send, when, and what has arrived. */
export class Sender {
  /** Bytes not yet acknowledged, the first of which has the number {@linkcode streamStart}. */
  readonly buffer: SendBuffer;
  /** Round-trip times. */
  readonly rtt: RttEstimator = new RttEstimator();
  /** How much may be in flight. */
  readonly congestion: CongestionControl = new NewReno();
  /** What is lost. */
  readonly recovery: LossRecovery;
  /** Initial send sequence number. */
  readonly iss: Seq;
  /** Oldest unacknowledged sequence number. */
  sndUna: Seq;
  /** Next sequence number to send; behind {@linkcode sndMax} while sending again after a timeout. */
  sndNxt: Seq;
  /** After the highest sequence number ever sent. */
  sndMax: Seq;
  /** Window of the peer in bytes, from `sndUna`. */
  sndWnd = 0;
  /** Largest window the peer ever announced. */
  maxSndWnd = 0;
  /** Shift of the peer's window field. Spec: RFC 7323 §2.2. */
  windowShift = 0;
  /** Effective segment size: payload plus TCP options. Spec: RFC 9293 §3.7.1 (Eff.snd.MSS). */
  mssBytes: number;
  /** No more is written; a FIN follows the last byte. */
  finQueued = false;
  /** Whether small segments go at once (Nagle's algorithm off). */
  noDelay = true;
  /** Whether one segment must go even where window or silly-window rules forbid it: a probe. */
  forced = false;
  /** When the first timeout since the last progress ran out, or -1. */
  stalledSinceMs = -1;
  /** When the timer that ran out then had been started. */
  #stalledSentMs = -1;
  /** Probes sent since the window was last open. */
  #probes = 0;
  /** Whether the SYN had to be sent again. */
  synLost = false;
  /** Whether the congestion window, and nothing else, held back the last attempt to send. */
  congestionLimited = false;
  #sndWl1: Seq;
  #sndWl2: Seq;
  #streamStart: Seq;
  #peerMssBytes = DEFAULT_MSS_BYTES;
  #mtuBytes: number;
  /** End of the segment being timed; valid while `#timedAtMs` is not negative. */
  #timedEnd: Seq;
  #timedAtMs = -1;
  #lastSentMs = -1;

  /** Begins with nothing sent but the SYN to come. */
  constructor(o: { iss: Seq; mtuBytes: number; pages: PagePool; options: TcpOptions }) {
    this.buffer = new SendBuffer(o.pages, o.options.sendBufferBytes);
    this.iss =
      this.sndUna =
      this.sndNxt =
      this.sndMax =
        o.iss;
    this.#streamStart = seqAdd(o.iss, 1);
    this.#sndWl1 = this.#sndWl2 = this.#timedEnd = o.iss;
    this.#mtuBytes = o.mtuBytes;
    this.mssBytes = Math.min(this.#peerMssBytes, o.mtuBytes - MSS_OVERHEAD_BYTES);
    this.recovery = new LossRecovery(o.iss);
  }

  /** Number of the first byte in the buffer. */
  get streamStart(): Seq {
    return this.#streamStart;
  }

  /** After the last byte in the buffer: the number of the FIN, if one is queued. */
  get streamEnd(): Seq {
    return seqAdd(this.#streamStart, this.buffer.lenBytes);
  }

  /** Bytes, SYN and FIN sent and not acknowledged, as far as they count as in flight. */
  get flightBytes(): number {
    return seqDiff(this.sndNxt, this.sndUna);
  }

  /** Whether the peer has acknowledged the FIN. */
  get finAcked(): boolean {
    return this.finQueued && seqLt(this.streamEnd, this.sndUna);
  }

  /** Whether there is something that has not been sent, or is to be sent again. */
  get hasUnsent(): boolean {
    return seqLt(this.sndNxt, this.finQueued ? seqAdd(this.streamEnd, 1) : this.streamEnd);
  }

  /** Takes the peer's MSS option, 0 if there was none, when its SYN arrives. */
  setPeerMss(mssBytes: number): void {
    this.#peerMssBytes = mssBytes === 0 ? DEFAULT_MSS_BYTES : Math.max(mssBytes, MIN_MSS_BYTES);
    this.mssBytes = Math.min(this.#peerMssBytes, this.#mtuBytes - MSS_OVERHEAD_BYTES);
  }

  /** Our SYN has been acknowledged: data may flow. */
  established(): void {
    if (this.synLost) this.rtt.afterLostSyn();
    this.congestion.begin(this.mssBytes, this.synLost);
  }

  /** The path now carries IP packets of `mtuBytes`; what is sent from now on follows. */
  setMtu(mtuBytes: number): void {
    this.#mtuBytes = mtuBytes;
    this.mssBytes = Math.min(this.#peerMssBytes, mtuBytes - MSS_OVERHEAD_BYTES);
    this.congestion.setMss(this.mssBytes);
  }

  /** Takes the window of a SYN, which is never scaled. */
  openWindow(window: number, seq: Seq, ack: Seq): void {
    this.sndWnd = this.maxSndWnd = window;
    this.#sndWl1 = seq;
    this.#sndWl2 = ack;
  }

  /** Takes the window field of an acceptable segment, unless it is older than the last one taken. */
  updateWindow(field: number, seq: Seq, ack: Seq): void {
    if (seqLt(seq, this.#sndWl1) || (seq === this.#sndWl1 && seqLt(ack, this.#sndWl2))) return;
    this.sndWnd = field << this.windowShift;
    if (this.sndWnd > 0) this.#probes = 0;
    this.maxSndWnd = Math.max(this.maxSndWnd, this.sndWnd);
    this.#sndWl1 = seq;
    this.#sndWl2 = ack;
  }

  /** Everything before `ack`, which lies in `sndUna`+1 to `sndMax`, has arrived. */
  acknowledged(ack: Seq, nowMs: number): void {
    const ackedBytes = seqDiff(ack, this.sndUna);
    const fromBuffer = Math.min(seqDiff(ack, this.#streamStart), this.buffer.lenBytes);
    if (fromBuffer > 0) {
      this.buffer.acknowledge(fromBuffer);
      this.#streamStart = seqAdd(this.#streamStart, fromBuffer);
    }
    this.sndUna = ack;
    this.sndNxt = seqMax(this.sndNxt, ack);
    if (this.stalledSinceMs >= 0) this.rtt.progress(nowMs - this.#stalledSentMs);
    this.stalledSinceMs = -1;
    if (this.#timedAtMs >= 0 && seqLe(this.#timedEnd, ack)) {
      this.rtt.sample(Math.max(nowMs - this.#timedAtMs, 0));
      this.#timedAtMs = -1;
    }
    if (this.recovery.phase === "open") {
      if (this.congestionLimited) this.congestion.acked(ackedBytes, nowMs, this.rtt.srttMs);
    } else if (this.recovery.phase === "loss") {
      // One leap over data the peer already had must not release a burst (RFC 3465 §2.3).
      this.congestion.acked(Math.min(ackedBytes, this.mssBytes), nowMs, this.rtt.srttMs);
    }
    this.recovery.newAck(this, this.congestion, ackedBytes);
  }

  /** Whether `ack` with this window field is a duplicate, if it came alone. Spec: RFC 5681 §2. */
  isDuplicate(ack: Seq, windowField: number): boolean {
    return ack === this.sndUna && this.flightBytes > 0 &&
      windowField << this.windowShift === this.sndWnd;
  }

  /** The retransmission timer ran out: everything is to be sent again, one segment at once. */
  retransmissionTimeout(nowMs: number): void {
    this.recovery.timedOut(this, this.congestion);
    if (this.stalledSinceMs < 0) {
      this.stalledSinceMs = nowMs;
      this.#stalledSentMs = nowMs - this.rtt.rtoMs;
    }
    this.rtt.backOff();
    this.sndNxt = this.sndUna;
    this.forced = true;
    this.#timedAtMs = -1;
  }

  /**
   * Payload bytes of the segment that may be sent now at `sndNxt`: 0 for a FIN alone, -1 for none.
   * `optionBytes` are taken off the segment size.
   *
   * Spec: RFC 9293 §3.8.6.2.1 (silly-window avoidance), §3.7.4 (Nagle).
   */
  nextLength(optionBytes: number): number {
    if (!this.hasUnsent) return -1;
    this.congestionLimited = false;
    const unsent = seqDiff(this.streamEnd, this.sndNxt);
    const flight = this.flightBytes;
    const mss = this.mssBytes - optionBytes;
    if (this.forced) return Math.min(Math.max(unsent, 0), mss, Math.max(this.sndWnd - flight, 1));
    const windowRoom = this.sndWnd - flight;
    const congestionRoom = this.congestion.cwndBytes + this.recovery.extraBytes - flight;
    const full = Math.min(unsent, mss);
    if (congestionRoom < full && flight > 0) {
      this.congestionLimited = true;
      return -1;
    }
    if (windowRoom >= Math.max(full, 1)) {
      if (full === mss || this.noDelay || flight === 0 || this.finQueued) return full;
      return -1;
    }
    return windowRoom > 0 && windowRoom >= this.maxSndWnd / 2 ? windowRoom : -1;
  }

  /** `seqLength` sequence numbers from `sndNxt` on have been sent. */
  sent(seqLength: number, nowMs: number): void {
    const end = seqAdd(this.sndNxt, seqLength);
    if (this.sndNxt !== this.sndMax) {
      // Karn's algorithm: an acknowledgement may be for the first copy (RFC 6298 (3)).
      this.#timedAtMs = -1;
    } else if (this.#timedAtMs < 0) {
      this.#timedEnd = end;
      this.#timedAtMs = nowMs;
    }
    this.sndNxt = end;
    this.sndMax = seqMax(this.sndMax, end);
    this.forced = false;
    this.#lastSentMs = nowMs;
  }

  /** What was sent from `sndUna` on beyond the window is a probe, and does not count as in flight. */
  probed(seqLength: number, nowMs: number): void {
    this.sndMax = seqMax(this.sndMax, seqAdd(this.sndUna, seqLength));
    this.forced = false;
    this.#probes++;
    if (this.stalledSinceMs < 0) this.stalledSinceMs = this.#stalledSentMs = nowMs;
  }

  /** Time to the next probe; backed off on its own, as a closed window says nothing about the path. */
  get persistMs(): number {
    return Math.min(this.rtt.rtoMs * 2 ** this.#probes, MAX_PERSIST_MS);
  }

  /** The first `seqLength` sequence numbers after `sndUna` were sent again. */
  resent(seqLength: number, nowMs: number): void {
    this.sndMax = seqMax(this.sndMax, seqAdd(this.sndUna, seqLength));
    this.recovery.retransmitOwed = false;
    this.#timedAtMs = -1;
    this.#lastSentMs = nowMs;
  }

  /** Called before sending: a long pause makes the congestion window stale. */
  beforeSending(nowMs: number): void {
    if (
      this.#lastSentMs >= 0 && this.sndUna === this.sndMax &&
      nowMs - this.#lastSentMs > this.rtt.rtoMs
    ) {
      this.congestion.idle();
    }
  }
}
