import { segmentArrives, takeSyn, takeSynData } from "./arrival.ts";
import { emitDue, type SegmentSink } from "./output.ts";
import type { Segment } from "./segment.ts";
import { type Seq, seqDiff, seqLt, toSeq } from "./seq.ts";
import { Tcb, type TcbOptions, type TcpFailure, type TcpState } from "./tcb.ts";
import { runTimer } from "./timeouts.ts";

/**
 * One TCP connection without I/O. Segments and calls change its state; {@linkcode Connection.output}
 * emits what follows from that, and {@linkcode Connection.nextDeadlineMs} says when to call again
 * although nothing happened. All work is bounded by the buffers.
 *
 * Spec: RFC 9293 §3.10.
 */
export class Connection {
  readonly #tcb: Tcb;

  /** A closed connection; {@linkcode Connection.open} or {@linkcode Connection.accept} begins it. */
  constructor(options: TcbOptions) {
    this.#tcb = new Tcb(options);
  }

  /** Port of this end. */
  get localPort(): number {
    return this.#tcb.sourcePort;
  }

  /** Port of the peer. */
  get remotePort(): number {
    return this.#tcb.destinationPort;
  }

  /** Where the connection stands. */
  get state(): TcpState {
    return this.#tcb.state;
  }

  /** Why the connection ended, unless by FIN in both directions. */
  get failure(): TcpFailure | undefined {
    return this.#tcb.failure;
  }

  /** Whether both SYNs have been exchanged and the connection is not over. */
  get synchronised(): boolean {
    return this.#tcb.synchronised;
  }

  /** Whether what is written, and its end, may be sent now, as far as the state is concerned. */
  get maySend(): boolean {
    return this.#tcb.maySend;
  }

  /** Bytes that {@linkcode Connection.read} gives now. */
  get readableBytes(): number {
    return this.#tcb.rcv.buffer.readableBytes;
  }

  /** Whether the peer has finished: nothing follows the readable bytes. */
  get finReceived(): boolean {
    return this.#tcb.rcv.finReceived;
  }

  /** Number of the first byte written that is not yet acknowledged. */
  get unacknowledgedSeq(): Seq {
    return this.#tcb.snd.streamStart;
  }

  /** Bytes written and not yet acknowledged. */
  get unacknowledgedBytes(): number {
    return this.#tcb.snd.buffer.lenBytes;
  }

  /** Whether something has been sent and waits for its acknowledgement. */
  get awaitsAck(): boolean {
    return this.#tcb.timer.waitsForAck;
  }

  /** Smoothed round-trip time in ms, or -1 before the first measurement. */
  get srttMs(): number {
    return this.#tcb.snd.rtt.srttMs;
  }

  /** Whether reading has opened the window so far that {@linkcode Connection.output} would say so. */
  get windowUpdateDue(): boolean {
    return this.#tcb.synchronised && this.#tcb.rcv.windowUpdateDue;
  }

  /** Whether nothing is left to send but an acknowledgement that may wait for company. */
  get lastAckWaits(): boolean {
    return this.#tcb.state === "time-wait" && this.#tcb.rcv.ackAtMs < Infinity;
  }

  /** What {@linkcode Connection.lastAckWaits} tells of is sent by the next output. */
  sendLastAck(): void {
    if (this.lastAckWaits) this.#tcb.rcv.oweAck();
  }

  /** Active OPEN: a SYN is to be sent. */
  open(nowMs: number): void {
    const tcb = this.#tcb;
    tcb.state = "syn-sent";
    tcb.synOwed = true;
    tcb.openedMs = tcb.lastHeardMs = nowMs;
  }

  /** Passive OPEN by a SYN without ACK that a listener received. Spec: RFC 9293 §3.10.7.2. */
  accept(syn: Segment, nowMs: number): void {
    const tcb = this.#tcb;
    tcb.passive = true;
    tcb.state = "syn-received";
    tcb.synOwed = true;
    tcb.openedMs = tcb.lastHeardMs = nowMs;
    takeSyn(tcb, syn, nowMs);
    // What is sent before the handshake is complete needs a congestion window, too.
    if (tcb.options.synData) tcb.snd.congestion.begin(tcb.snd.mssBytes, false);
    takeSynData(tcb, syn, nowMs);
  }

  /** Processes a segment between these ports that arrived at `nowMs`. Borrows it; emits nothing. */
  input(segment: Segment, nowMs: number): void {
    segmentArrives(this.#tcb, segment, nowMs);
  }

  /** Does what is due at `nowMs`: timers first, then all segments that may be sent. */
  output(sink: SegmentSink, nowMs: number): void {
    runTimer(this.#tcb, nowMs, { paused: sink.blocked });
    emitDue(this.#tcb, sink, nowMs);
  }

  /** When {@linkcode Connection.output} must be called at the latest, or `Infinity`. */
  nextDeadlineMs(): number {
    const { timer, rcv, snd: { recovery, pacer }, orphanUntilMs } = this.#tcb;
    return Math.min(timer.atMs, rcv.ackAtMs, recovery.reorderAtMs, pacer.dueMs, orphanUntilMs);
  }

  /**
   * Whether this SYN may replace the connection, which is in TIME-WAIT: a newer one by its timestamp,
   * or by its number.
   *
   * Spec: RFC 9293 §3.6.1, RFC 1122 §4.2.2.13, RFC 6191 §2.
   */
  replaceableBy(syn: Segment): boolean {
    const { state, timestamps, rcv } = this.#tcb;
    if (state !== "time-wait") return false;
    const later = timestamps.on && syn.hasTimestamps
      ? seqDiff(toSeq(syn.tsVal), timestamps.recent)
      : 0;
    return later > 0 || (later === 0 && seqLt(rcv.rcvNxt, syn.seq));
  }

  /** Takes as much of `bytes` from `start` on as the send buffer has room for; returns how much. */
  write(bytes: Uint8Array, start: number): number {
    const { maySend, orphan, snd } = this.#tcb;
    if (snd.finQueued || orphan || !maySend) return 0;
    return snd.buffer.write(bytes, start);
  }

  /**
   * Sends the beginning of `bytes` along with the SYN, which is repeated with them if it is gone
   * already; returns how many go. That is 0 once the peer has answered, once it has been done, and where
   * `synData` was not agreed.
   *
   * Spec: RFC 7413 §4.2.
   */
  writeWithSyn(bytes: Uint8Array): number {
    const { options, snd, state } = this.#tcb;
    if (!options.synData || state !== "syn-sent" || snd.buffer.lenBytes > 0) return 0;
    const room = snd.mss.synBytes - this.#tcb.synOptionBytes;
    const count = snd.buffer.write(bytes.subarray(0, Math.max(room, 0)), 0);
    if (count > 0) this.#tcb.synOwed = true;
    return count;
  }

  /** Copies readable bytes into `into`; returns how many. */
  read(into: Uint8Array): number {
    return this.#tcb.rcv.read(into);
  }

  /** Sends a FIN after what has been written. Spec: RFC 9293 §3.6 (half-close). */
  closeWrite(): void {
    const tcb = this.#tcb;
    if (!tcb.maySend) return;
    if (tcb.state === "established") tcb.state = "fin-wait-1";
    else if (tcb.state === "close-wait") tcb.state = "last-ack";
    tcb.snd.finQueued = true;
  }

  /**
   * The application neither reads nor writes any more. What was written is still sent, and then a FIN;
   * but if received data is lost by this, now or later, the peer gets a reset.
   *
   * Spec: RFC 9293 §3.6.1, RFC 2525 §2.17.
   */
  close(): void {
    const tcb = this.#tcb;
    if (tcb.orphan) return;
    tcb.orphan = true;
    if (!tcb.synchronised && !tcb.maySend) {
      return tcb.state === "syn-received" ? tcb.reset() : tcb.end();
    }
    if (this.readableBytes > 0) return tcb.reset();
    this.closeWrite();
  }

  /**
   * Ends the connection at once, with a reset unless both FINs have been sent.
   *
   * Spec: RFC 9293 §3.10.5 (ABORT). Deviation: in CLOSING and LAST-ACK, too, there is a reset while data
   * has not been acknowledged, as nobody sends it again: the peer must not take it for still to come.
   */
  abort(): void {
    const tcb = this.#tcb;
    const { state, snd } = tcb;
    const closing = state === "closing" || state === "last-ack";
    const finished = state === "time-wait" ||
      (closing && !snd.hasUnsent && snd.buffer.lenBytes === 0);
    if (finished || state === "closed" || state === "syn-sent") tcb.end("aborted");
    else tcb.reset("aborted");
  }

  /** The path now carries IP packets of `mtuBytes`: segments sent from now on follow. */
  setMtu(mtuBytes: number): void {
    this.#tcb.snd.setMtu(mtuBytes, { optionBytes: this.#tcb.fixedOptionBytes });
  }

  /**
   * Data goes another way from now on, or the way is open again: what waits for a timer that outage
   * has backed off goes at once, and what may have been lost on the old way is probed for.
   */
  pathChanged(nowMs: number): void {
    const { timer, snd, synchronised } = this.#tcb;
    snd.pathChanged();
    if (timer.kind === "persist") timer.start("persist", nowMs);
    if (!timer.waitsForAck) return;
    if (synchronised && snd.stalledSinceMs < 0) snd.recovery.probeOwed = snd.recovery.mayProbe;
    else timer.start("retransmit", nowMs);
  }

  /** Whether small segments go at once, which is the default; false turns Nagle's algorithm on. */
  setNoDelay(noDelay: boolean): void {
    this.#tcb.snd.noDelay = noDelay;
  }

  /** Whether an idle connection is probed; off by default. Spec: RFC 9293 §3.8.4. */
  setKeepAlive(keepAlive: boolean): void {
    this.#tcb.keepAlive = keepAlive;
  }
}
