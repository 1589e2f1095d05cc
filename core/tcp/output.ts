import type { Packet } from "../bytes/mod.ts";
import {
  MAX_SACK_BLOCKS,
  sackOptionBytes,
  SYN_OPTION_BYTES,
  writeSackOption,
  writeSynOptions,
} from "./options.ts";
import { ACK, FIN, PSH, RST, SYN, TCP_HEADER_BYTES, writeHeader } from "./segment.ts";
import { type Seq, seqAdd, seqDiff } from "./seq.ts";
import type { Tcb } from "./tcb.ts";

/** Where a connection puts its segments. */
export interface SegmentSink {
  /** No more segments can be taken now; the rest is asked for again later. */
  readonly blocked: boolean;
  /** Lends an empty packet, whose start is where the TCP header goes. */
  take(): Packet;
  /** Takes a packet that holds one segment, its checksum still 0. */
  send(packet: Packet): void;
}

/** Scratch for the SACK blocks of the segment being emitted. */
const edges = new Int32Array(2 * MAX_SACK_BLOCKS);

/** Emits everything that is due now. Spec: RFC 9293 §3.10. */
export function emitDue(tcb: Tcb, sink: SegmentSink, nowMs: number): void {
  if (tcb.strayReset !== undefined) {
    emitEmpty(tcb, sink, RST, tcb.strayReset);
    tcb.strayReset = undefined;
  }
  if (tcb.resetOwed) {
    emitEmpty(tcb, sink, RST | ACK, tcb.snd.sndMax);
    tcb.resetOwed = false;
  }
  if (tcb.state === "closed") return;
  if (tcb.synOwed) emitSyn(tcb, sink, nowMs);
  if (tcb.synchronised) {
    emitData(tcb, sink, nowMs);
    if (nowMs >= tcb.rcv.ackAtMs || tcb.rcv.windowUpdateDue) tcb.rcv.oweAck();
    while (tcb.rcv.acksOwed > 0) emitEmpty(tcb, sink, ACK, tcb.snd.sndMax);
    if (tcb.probeOwed) {
      // A number that has been acknowledged makes the peer answer (RFC 9293 §3.8.4).
      emitEmpty(tcb, sink, ACK, seqAdd(tcb.snd.sndUna, -1));
      tcb.probeOwed = false;
    }
  }
  armTimer(tcb, sink, nowMs);
}

/** The main timer follows from what is in flight. Spec: RFC 6298 (5.1) to (5.3). */
function armTimer(tcb: Tcb, sink: SegmentSink, nowMs: number): void {
  const { timer, snd, options } = tcb;
  if (tcb.state === "time-wait") return;
  const dueMs = nowMs + snd.rtt.rtoMs;
  if (snd.flightBytes > 0) {
    if (timer.kind === "retransmit") return;
    const limitMs = tcb.synchronised ? Infinity : tcb.openedMs + options.connectTimeoutMs;
    timer.start("retransmit", Math.min(dueMs, limitMs));
  } else if (snd.hasUnsent) {
    if (sink.blocked) timer.stop();
    else if (timer.kind !== "persist") timer.start("persist", nowMs + snd.persistMs);
  } else if (tcb.state === "fin-wait-2" && tcb.orphan) {
    if (timer.kind !== "fin-wait-2") timer.start("fin-wait-2", nowMs + options.finWait2Ms);
  } else if (tcb.keepAlive) {
    const intervalsMs = tcb.probesSent * options.keepAliveIntervalMs;
    timer.start("keep-alive", tcb.lastHeardMs + options.keepAliveIdleMs + intervalsMs);
  } else timer.stop();
}

function emitSyn(tcb: Tcb, sink: SegmentSink, nowMs: number): void {
  const { snd, rcv } = tcb;
  const answers = tcb.state === "syn-received";
  const packet = sink.take();
  const headerBytes = TCP_HEADER_BYTES + SYN_OPTION_BYTES;
  const flags = answers ? SYN | ACK : SYN;
  writeHeader(packet, tcb, snd.iss, rcv.rcvNxt, flags, rcv.synWindow, headerBytes);
  writeSynOptions(packet.view, packet.start + TCP_HEADER_BYTES, {
    mss: tcb.announcedMssBytes,
    windowScale: answers && rcv.windowShift === 0 ? -1 : rcv.offeredShift,
    sackPermitted: answers ? tcb.sackPermitted : true,
  });
  packet.end = packet.start + headerBytes;
  sink.send(packet);
  snd.sndNxt = snd.iss;
  snd.sent(1, nowMs);
  tcb.synOwed = false;
  rcv.acked({ alone: true });
}

function emitData(tcb: Tcb, sink: SegmentSink, nowMs: number): void {
  const { snd } = tcb;
  if (snd.forced && snd.sndWnd === 0 && tcb.timer.kind === "persist") {
    return emitProbe(tcb, sink, nowMs);
  }
  snd.beforeSending(nowMs);
  if (snd.recovery.retransmitOwed && !sink.blocked) {
    const sentBytes = seqDiff(snd.sndMax, snd.sndUna);
    snd.resent(emitStream(tcb, sink, snd.sndUna, sentBytes), nowMs);
    tcb.timer.stop();
  }
  while (!sink.blocked) {
    const length = snd.nextLength(sackOptionBytes(sackBlocks(tcb)));
    if (length < 0) return;
    snd.sent(emitStream(tcb, sink, snd.sndNxt, length), nowMs);
  }
}

/** A segment that the window forbids, to hear whether it has opened. Spec: RFC 9293 §3.8.6.1. */
function emitProbe(tcb: Tcb, sink: SegmentSink, nowMs: number): void {
  tcb.snd.probed(emitStream(tcb, sink, tcb.snd.sndUna, 1), nowMs);
  tcb.timer.start("persist", nowMs + tcb.snd.persistMs);
}

/**
 * Emits up to `maxBytes` of the stream from `seq` on, and the FIN if it follows. Returns the sequence
 * numbers used: the caller must account for them, or the peer will acknowledge what was never sent.
 */
function emitStream(tcb: Tcb, sink: SegmentSink, seq: Seq, maxBytes: number): number {
  const { snd } = tcb;
  const blocks = sackBlocks(tcb);
  const headerBytes = TCP_HEADER_BYTES + sackOptionBytes(blocks);
  const offset = seqDiff(seq, snd.streamStart);
  const left = Math.max(snd.buffer.lenBytes - offset, 0);
  const length = Math.min(maxBytes, snd.mssBytes - sackOptionBytes(blocks), left);
  const last = length === left;
  const fin = snd.finQueued && last && !snd.finAcked;
  const packet = sink.take();
  if (length > 0) snd.buffer.read(offset, length, packet.bytes, packet.start + headerBytes);
  packet.end = packet.start + headerBytes + length;
  const flags = ACK | (last && length > 0 ? PSH : 0) | (fin ? FIN : 0);
  finish(tcb, sink, packet, { seq, flags, blocks });
  return length + (fin ? 1 : 0);
}

/** Emits a segment without payload. */
function emitEmpty(tcb: Tcb, sink: SegmentSink, flags: number, seq: Seq): void {
  const blocks = (flags & RST) === 0 ? sackBlocks(tcb) : 0;
  const packet = sink.take();
  packet.end = packet.start + TCP_HEADER_BYTES + sackOptionBytes(blocks);
  finish(tcb, sink, packet, { seq, flags, blocks });
}

function sackBlocks(tcb: Tcb): number {
  return tcb.sackPermitted ? tcb.rcv.sackBlocks(edges) : 0;
}

function finish(
  tcb: Tcb,
  sink: SegmentSink,
  packet: Packet,
  { seq, flags, blocks }: { seq: Seq; flags: number; blocks: number },
): void {
  const { rcv } = tcb;
  const window = (flags & RST) === 0 ? rcv.window() : 0;
  const headerBytes = TCP_HEADER_BYTES + sackOptionBytes(blocks);
  writeHeader(packet, tcb, seq, rcv.rcvNxt, flags, window, headerBytes);
  if (blocks > 0) writeSackOption(packet.view, packet.start + TCP_HEADER_BYTES, edges, blocks);
  const alone = packet.lenBytes === headerBytes;
  sink.send(packet);
  rcv.acked({ alone });
}
