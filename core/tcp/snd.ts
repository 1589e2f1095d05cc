import { AckNews } from "./ack_news.ts";
import { type CongestionControl, INITIAL_WINDOW_SEGMENTS } from "./congestion.ts";
import { Cubic } from "./cubic.ts";
import type { TcpOptions } from "./config.ts";
import { EffectiveMss } from "./mss.ts";
import { NewReno } from "./new_reno.ts";
import type { PagePool } from "./paged_buffer.ts";
import { Pacer } from "./pacer.ts";
import { LossRecovery } from "./recovery.ts";
import type { PathTimes } from "./path_times.ts";
import { RttEstimator } from "./rto.ts";
import type { Segment } from "./segment.ts";
import { SendBuffer } from "./send_buffer.ts";
import { SendWindow } from "./send_window.ts";
import { type Seq, seqAdd, seqDiff, seqLt, seqMax } from "./seq.ts";

/** How long a peer may hold back the acknowledgement of a single segment. Spec: RFC 8985 §7.2. */
const MAX_ACK_DELAY_MS = 50;

/** Least time to a tail loss probe: a shorter one would wake the stack all the time. */
const MIN_PROBE_MS = 10;

/** The sending half of a connection: what to send, when, and what has arrived. */
export class Sender {
  /** Bytes not yet acknowledged, the first of which has the number {@linkcode streamStart}. */
  readonly buffer: SendBuffer;
  /** Round-trip times. */
  readonly rtt: RttEstimator = new RttEstimator();
  /** Round-trip times of all connections. */
  readonly path: PathTimes;
  /** How much may be in flight. */
  readonly congestion: CongestionControl;
  /** How fast it goes. */
  readonly pacer: Pacer = new Pacer();
  /** What is lost. */
  readonly recovery: LossRecovery;
  /** Initial send sequence number. */
  readonly iss: Seq;
  /** Oldest unacknowledged sequence number. */
  sndUna: Seq;
  /** Next sequence number to send for the first time. */
  sndNxt: Seq;
  /** After the highest sequence number ever sent; beyond {@linkcode sndNxt} after a window probe. */
  sndMax: Seq;
  /** What the peer has room for. */
  readonly window: SendWindow = new SendWindow();
  /** How large a segment may be. */
  readonly mss: EffectiveMss;
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
  /** When the segment was sent that the arriving one echoes, or -1 without timestamps. */
  echoedMs = -1;
  /** Whether the SYN had to be sent again. */
  synLost = false;
  /** Whether the congestion window, and nothing else, held back the last attempt to send. */
  congestionLimited = false;
  #streamStart: Seq;
  /** A round ends when this is acknowledged. */
  #roundEnd: Seq;
  /** When the next measurement for the timeout is wanted: one a round trip is enough (RFC 6298 §3). */
  #sampleAtMs = -Infinity;
  #lastSentMs = -1;
  /** When `sndUna` last moved. */
  #progressMs = -1;
  readonly #news: AckNews = new AckNews();

  /** Begins with nothing sent but the SYN to come. */
  constructor(
    o: { iss: Seq; mtuBytes: number; pages: PagePool; path: PathTimes; options: TcpOptions },
  ) {
    this.path = o.path;
    this.buffer = new SendBuffer(o.pages, o.options.sendBufferBytes);
    this.congestion = o.options.congestion === "cubic" ? new Cubic(o.path) : new NewReno();
    this.iss =
      this.sndUna =
      this.sndNxt =
      this.sndMax =
        o.iss;
    this.#streamStart = seqAdd(o.iss, 1);
    this.#roundEnd = o.iss;
    this.mss = new EffectiveMss(o.mtuBytes);
    this.recovery = new LossRecovery(o.iss);
  }

  /** Effective segment size: payload plus TCP options. Spec: RFC 9293 §3.7.1 (Eff.snd.MSS). */
  get mssBytes(): number {
    return this.mss.bytes;
  }

  /** Number of the first byte in the buffer. */
  get streamStart(): Seq {
    return this.#streamStart;
  }

  /** After the last byte in the buffer: the number of the FIN, if one is queued. */
  get streamEnd(): Seq {
    return seqAdd(this.#streamStart, this.buffer.lenBytes);
  }

  /** Smoothed round-trip time in ms, or -1. */
  get srttMs(): number {
    return this.rtt.srttMs;
  }

  /** Bytes, SYN and FIN sent and not acknowledged. */
  get flightBytes(): number {
    return seqDiff(this.sndNxt, this.sndUna);
  }

  /** Whether the peer has acknowledged the FIN. */
  get finAcked(): boolean {
    return this.finQueued && seqLt(this.streamEnd, this.sndUna);
  }

  /** Whether there is something that has never been sent. */
  get hasUnsent(): boolean {
    return seqLt(this.sndNxt, this.finQueued ? seqAdd(this.streamEnd, 1) : this.streamEnd);
  }

  /** Whether a full segment of new data is there and fits into the peer's window. */
  get fullSegmentWaits(): boolean {
    const room = Math.min(
      seqDiff(this.streamEnd, this.sndNxt),
      this.window.bytes - this.flightBytes,
    );
    return room >= this.mssBytes;
  }

  /** Takes the peer's MSS option, 0 if there was none, when its SYN arrives. */
  setPeerMss(mssBytes: number, { optionBytes }: { optionBytes: number }): void {
    this.mss.setPeer(mssBytes);
    // What went with the SYN did so before this was known.
    this.recovery.board.resegment(this.mssBytes - optionBytes);
  }

  /** Our SYN has been acknowledged: data may flow. */
  established(): void {
    // Data that was sent before has its timeout already (RFC 6298 (5.7) is for what begins now).
    if (this.flightBytes > 0) this.rtt.resetBackOff();
    else if (this.synLost) this.rtt.afterLostSyn();
    this.congestion.begin(this.mssBytes, this.synLost);
    if (this.recovery.board.lostBytes > 0) this.recovery.lostWithSyn(this);
  }

  /** Our SYN was not acknowledged in time. Spec: RFC 6298 (5.5), RFC 5681 §3.1 (one segment). */
  synTimedOut(): void {
    this.synLost = true;
    this.rtt.backOff();
    this.congestion.begin(this.mssBytes, true);
  }

  /** The path now carries IP packets of `mtuBytes`; what is sent from now on follows. */
  setMtu(mtuBytes: number, { optionBytes }: { optionBytes: number }): void {
    this.mss.setMtu(mtuBytes);
    this.congestion.setMss(this.mssBytes);
    this.recovery.board.resegment(this.mssBytes - optionBytes);
  }

  /** Data goes another way from now on. */
  pathChanged(): void {
    this.rtt.resetBackOff();
    this.recovery.rack.pathChanged();
    this.congestion.pathChanged();
    this.pacer.pathChanged();
    this.window.resetBackOff();
  }

  /** Our SYN was acknowledged by `ack`. */
  synAcknowledged(ack: Seq, nowMs: number): void {
    this.recovery.rack.arrives(nowMs, -1);
    this.#advance(ack, nowMs);
    const { sampleMs } = this.recovery.rack;
    if (sampleMs >= 0) this.path.sample(sampleMs, nowMs);
  }

  /**
   * The acknowledgement in `segment`, which lies in `sndUna` to `sndMax`, says what has arrived.
   *
   * Spec: RFC 9293 §3.10.7.4, RFC 6675 §5, RFC 8985 §6.2.
   */
  acknowledged(segment: Segment, nowMs: number): void {
    const { recovery, congestion } = this;
    const { board, rack, selective } = recovery;
    const news = this.#news;
    const before = board.deliveredBytes;
    rack.arrives(nowMs, this.echoedMs);
    news.ackedBytes = seqDiff(segment.ack, this.sndUna);
    news.duplicate = false;
    news.echoedMs = this.echoedMs;
    if (news.ackedBytes > 0) this.#advance(segment.ack, nowMs);
    if (selective && segment.sackCount > 0) news.takeSack(segment, { sndUna: this.sndUna, board });
    if (rack.sampleMs >= 0) {
      this.path.sample(rack.sampleMs, nowMs);
      congestion.rttSample(rack.sampleMs);
      // Of what arrived out of order, too: a queue that grows during recovery must not seem an outage.
      if (news.ackedBytes === 0) this.#sample(rack.sampleMs, nowMs);
    }
    news.deliveredBytes = board.deliveredBytes - before;
    if (news.deliveredBytes > 0) congestion.delivered(news.deliveredBytes);
    const { srttMs } = this.rtt;
    if (recovery.growing) {
      // What arrives out of order counts only once it is clear that the window will not be reduced.
      const bytes = recovery.phase === "open" ? news.ackedBytes : news.deliveredBytes;
      if (this.congestionLimited && bytes > 0) congestion.acked(bytes, nowMs, srttMs);
    } else if (recovery.phase === "loss") {
      // One leap over data the peer already had must not release a burst (RFC 3465 §2.3).
      const limit = selective ? Infinity : this.mssBytes;
      congestion.acked(Math.min(news.deliveredBytes, limit), nowMs, srttMs);
    }
    if (selective) recovery.selectiveAck(this, congestion, { news, nowMs });
    else if (news.ackedBytes > 0) recovery.newAck(this, congestion, news.ackedBytes);
  }

  /** Everything before `ack` has arrived. */
  #advance(ack: Seq, nowMs: number): void {
    const { board, rack } = this.recovery;
    const fromBuffer = Math.min(seqDiff(ack, this.#streamStart), this.buffer.lenBytes);
    if (fromBuffer > 0) {
      this.buffer.acknowledge(fromBuffer);
      this.#streamStart = seqAdd(this.#streamStart, fromBuffer);
    }
    board.acknowledge(ack);
    this.sndUna = ack;
    this.sndNxt = seqMax(this.sndNxt, ack);
    if (this.stalledSinceMs >= 0) this.rtt.progress(nowMs - this.#stalledSentMs);
    this.stalledSinceMs = -1;
    this.#progressMs = nowMs;
    if (rack.sampleMs >= 0) this.#sample(rack.sampleMs, nowMs);
    if (seqLt(ack, this.#roundEnd)) return;
    this.#roundEnd = this.sndNxt;
    this.congestion.roundStarted(nowMs);
    // Twice the window, so that there is something to send while a loss is repaired.
    this.buffer.tune(2 * this.congestion.cwndBytes);
  }

  #sample(rttMs: number, nowMs: number): void {
    if (nowMs < this.#sampleAtMs) return;
    this.rtt.sample(rttMs);
    this.#sampleAtMs = nowMs + rttMs;
  }

  /** The retransmission timer ran out: everything is to be sent again, one segment at once. */
  retransmissionTimeout(nowMs: number): void {
    this.recovery.timedOut(this, this.congestion);
    this.stalled(nowMs);
    this.rtt.backOff();
    this.forced = true;
  }

  /** A timeout has passed without progress. */
  stalled(nowMs: number): void {
    if (this.stalledSinceMs >= 0) return;
    this.stalledSinceMs = nowMs;
    this.#stalledSentMs = nowMs - this.rtt.rtoMs;
  }

  /** What was reordered, if anything, has not come by now. Spec: RFC 8985 §6.3. */
  reorderTimeout(nowMs: number): void {
    this.recovery.detect(this, this.congestion, nowMs);
  }

  /**
   * When what is in flight is to be followed by a probe: in place of the timeout, if that came first.
   *
   * Spec: RFC 8985 §7.2.
   */
  probeAtMs(): number {
    const { board } = this.recovery;
    const waitMs = Math.max(2 * this.rtt.srttMs, MIN_PROBE_MS) +
      (board.count === 1 ? MAX_ACK_DELAY_MS : 0);
    const timeoutMs = Math.max(board.firstSentMs, this.#progressMs) + this.rtt.rtoMs;
    return Math.min(Math.max(this.#lastSentMs, this.#progressMs) + waitMs, timeoutMs);
  }

  /** Position on the scoreboard of the segment that is to be sent again now, or -1. */
  nextAgain(): number {
    const { board, urgent, frto } = this.recovery;
    if (board.lostBytes === 0 || frto.waits) return -1;
    const position = board.firstLost();
    const room = this.recovery.room(this.congestion.cwndBytes);
    if (urgent || board.pipeBytes === 0 || board.length(position) <= room) return position;
    return -1;
  }

  /** Whether what might be sent has to wait, as it would follow too closely on what was. */
  isPaced(nowMs: number): boolean {
    // What may begin a connection at once may go on with it (RFC 9002 §7.7).
    const freeBytes = INITIAL_WINDOW_SEGMENTS * this.mssBytes;
    if (this.recovery.board.pipeBytes < freeBytes) return false;
    if (!this.pacer.waits(nowMs)) return false;
    // The pace is that of the congestion window.
    this.congestionLimited = true;
    return true;
  }

  /** What stands at this position on the scoreboard was sent again. */
  sentAgain(position: number, nowMs: number): void {
    const { recovery } = this;
    const bytes = recovery.board.length(position);
    recovery.board.resent(position, nowMs);
    recovery.sent(bytes, { againMs: nowMs });
    this.pacer.sent(bytes, this, nowMs);
    this.forced = false;
    this.#lastSentMs = nowMs;
  }

  /**
   * Payload bytes of the new segment that may be sent now at `sndNxt`: 0 for a FIN alone, -1 for none.
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
    if (this.forced) {
      return Math.min(Math.max(unsent, 0), mss, Math.max(this.window.bytes - flight, 1));
    }
    const windowRoom = this.window.bytes - flight;
    const full = Math.min(unsent, mss);
    if (!this.recovery.mayGoOn(full, this.congestion.cwndBytes)) {
      this.congestionLimited = true;
      return -1;
    }
    if (windowRoom >= Math.max(full, 1)) {
      if (full === mss || this.noDelay || flight === 0 || this.finQueued) return full;
      return -1;
    }
    return windowRoom > 0 && windowRoom >= this.window.maxBytes / 2 ? windowRoom : -1;
  }

  /** Payload bytes of new data that a tail loss probe may carry, -1 for none. */
  probeLength(optionBytes: number): number {
    if (!this.hasUnsent) return -1;
    const room = Math.min(this.mssBytes - optionBytes, this.window.bytes - this.flightBytes);
    return room > 0 ? Math.min(seqDiff(this.streamEnd, this.sndNxt), room) : -1;
  }

  /** `seqLength` sequence numbers from `sndNxt` on have been sent. */
  sent(seqLength: number, nowMs: number): void {
    this.sndNxt = seqAdd(this.sndNxt, seqLength);
    this.recovery.board.append(this.sndNxt, nowMs);
    this.recovery.sent(seqLength);
    this.recovery.frto.sent();
    this.pacer.sent(seqLength, this, nowMs);
    this.sndMax = seqMax(this.sndMax, this.sndNxt);
    this.forced = false;
    this.#lastSentMs = nowMs;
  }

  /** The SYN has been sent, for the first time or again, with the first `dataBytes` of the stream. */
  synSent(nowMs: number, { dataBytes }: { dataBytes: number }): void {
    const { board } = this.recovery;
    const hasNewData = dataBytes > 0 && this.sndNxt !== this.streamEnd;
    if (this.sndNxt === this.iss) this.sent(1, nowMs);
    // One that was repeated to carry data is not the one that is answered.
    else if (this.synLost || !hasNewData) {
      // Nothing that followed it was taken, either.
      board.loseAll();
      board.resent(0, nowMs);
    }
    if (hasNewData) return this.sent(dataBytes, nowMs);
    // In pieces, if the path was narrower for a while.
    for (let i = 1; dataBytes > 0 && i < board.count; i++) board.resent(i, nowMs);
    this.recovery.urgent = board.lostBytes > 0;
  }

  /** What was sent from `sndUna` on beyond the window is a probe, and does not count as in flight. */
  probed(seqLength: number, nowMs: number): void {
    this.sndMax = seqMax(this.sndMax, seqAdd(this.sndUna, seqLength));
    this.forced = false;
    this.window.probed();
    if (this.stalledSinceMs < 0) this.stalledSinceMs = this.#stalledSentMs = nowMs;
  }

  /** Called before sending: a long pause makes the congestion window stale. */
  beforeSending(nowMs: number): void {
    if (
      this.#lastSentMs >= 0 && this.flightBytes === 0 && this.hasUnsent &&
      nowMs - this.#lastSentMs > this.rtt.rtoMs
    ) {
      this.congestion.idle();
    }
  }
}
