import type { Packet } from "../bytes/mod.ts";
import {
  MAX_SACK_BLOCKS,
  sackOptionBytes,
  SYN_OPTION_BYTES,
  TIMESTAMP_OPTION_BYTES,
  writeSackOption,
  writeSynOptions,
  writeTimestamps,
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

/**
 * What a peer must take of a connection that its user has closed: 1,000 bytes a second beyond the user
 * timeout. One that lives on crumbs, or answers probes for ever, would hold the memory as long.
 */
const ORPHAN_BYTES_PER_MS = 1;

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
  tcb.snd.pacer.dueMs = Infinity;
  if (tcb.state === "closed") return;
  if (tcb.timestamps.on || tcb.synOwed) tcb.tsVal = tcb.timestamps.value(nowMs);
  if (tcb.synOwed) emitSyn(tcb, sink, nowMs);
  if (tcb.maySend) emitData(tcb, sink, nowMs);
  // In SYN-RECEIVED, too, what is not acceptable is answered (RFC 9293 §3.10.7.4).
  if (tcb.state !== "syn-sent") {
    if (nowMs >= tcb.rcv.ackAtMs || tcb.rcv.windowUpdateDue) tcb.rcv.oweAck();
    while (tcb.rcv.acksOwed > 0) emitEmpty(tcb, sink, ACK, tcb.snd.window.ackSeq(tcb.snd));
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
  if (tcb.orphan && !snd.finAcked && tcb.orphanUntilMs === Infinity) {
    tcb.orphanUntilMs = nowMs + options.userTimeoutMs + snd.buffer.lenBytes / ORPHAN_BYTES_PER_MS;
  }
  const dueMs = nowMs + snd.rtt.rtoMs;
  if (snd.flightBytes > 0) {
    if (timer.waitsForAck) return;
    const limitMs = tcb.synchronised ? Infinity : tcb.openedMs + options.connectTimeoutMs;
    const mayProbe = tcb.synchronised && snd.srttMs >= 0 && snd.recovery.mayProbe;
    if (mayProbe) timer.start("probe", snd.probeAtMs());
    else timer.start("retransmit", Math.min(dueMs, limitMs));
  } else if (snd.hasUnsent) {
    if (sink.blocked) timer.stop();
    else if (timer.kind !== "persist") {
      timer.start("persist", nowMs + snd.window.persistMs(snd.rtt.rtoMs));
    }
  } else if (tcb.state === "fin-wait-2" && tcb.orphan) {
    if (timer.kind !== "fin-wait-2") timer.start("fin-wait-2", nowMs + options.finWait2Ms);
  } else if (tcb.keepAlive) {
    const atMs = tcb.probesSent > 0
      ? tcb.probedMs + options.keepAliveIntervalMs
      : tcb.lastHeardMs + options.keepAliveIdleMs;
    timer.start("keep-alive", atMs);
  } else timer.stop();
}

function emitSyn(tcb: Tcb, sink: SegmentSink, nowMs: number): void {
  const { snd, rcv } = tcb;
  const answers = tcb.state === "syn-received";
  const packet = sink.take();
  const stamped = tcb.synOptionBytes > SYN_OPTION_BYTES;
  const headerBytes = TCP_HEADER_BYTES + tcb.synOptionBytes;
  const { lenBytes } = snd.buffer;
  // All of it, or nothing on a path that became too small for it.
  const dataBytes = answers || lenBytes + tcb.synOptionBytes > snd.mss.synBytes ? 0 : lenBytes;
  const flags = answers ? SYN | ACK : SYN;
  const window = answers ? rcv.synAckWindow : rcv.synWindow;
  writeHeader(packet, tcb, snd.iss, rcv.rcvNxt, flags, window, headerBytes);
  writeSynOptions(packet.view, packet.start + TCP_HEADER_BYTES, {
    mss: tcb.announcedMssBytes,
    windowScale: answers && !tcb.scaled ? -1 : rcv.offeredShift,
    sackPermitted: answers ? tcb.sackPermitted : true,
  });
  if (stamped) {
    const at = packet.start + TCP_HEADER_BYTES + SYN_OPTION_BYTES;
    writeTimestamps(packet.view, at, tcb.tsVal, answers ? tcb.timestamps.recent : 0);
  }
  const dataStart = packet.start + headerBytes;
  snd.buffer.read(0, dataBytes, packet.bytes, dataStart);
  packet.end = dataStart + dataBytes;
  sink.send(packet);
  snd.synSent(nowMs, { dataBytes });
  tcb.synOwed = false;
  rcv.acked({ alone: true });
}

function emitData(tcb: Tcb, sink: SegmentSink, nowMs: number): void {
  const { snd } = tcb;
  if (snd.forced && snd.window.bytes === 0 && tcb.timer.kind === "persist") {
    return emitProbe(tcb, sink, nowMs);
  }
  snd.beforeSending(nowMs);
  if (snd.recovery.probeOwed && !sink.blocked) emitTailProbe(tcb, sink, nowMs);
  while (!sink.blocked) {
    const position = snd.nextAgain();
    if (position < 0) break;
    if (snd.isPaced(nowMs)) return;
    emitAgain(tcb, sink, position, nowMs);
    // The timer is for the first segment, which has a new life (RFC 6582 §4).
    if (position === 0) tcb.timer.stop();
  }
  while (!sink.blocked) {
    const length = snd.nextLength(optionBytes(tcb, sackBlocks(tcb)));
    if (length < 0 || snd.isPaced(nowMs)) return;
    snd.sent(emitStream(tcb, sink, snd.sndNxt, length), nowMs);
  }
}

/** Sends what stands at this position on the scoreboard again, the same numbers as before. */
function emitAgain(tcb: Tcb, sink: SegmentSink, position: number, nowMs: number): void {
  const { snd } = tcb;
  const { board } = snd.recovery;
  const seq = board.start(position);
  const length = Math.min(board.length(position), Math.max(seqDiff(snd.streamEnd, seq), 0));
  emitStream(tcb, sink, seq, length, { fin: length < board.length(position) });
  snd.sentAgain(position, nowMs);
}

/** New data if there is any, or the last segment again. Spec: RFC 8985 §7.3. */
function emitTailProbe(tcb: Tcb, sink: SegmentSink, nowMs: number): void {
  const { snd } = tcb;
  snd.recovery.probeOwed = false;
  // What it was to probe for may have been answered while the carrier was full.
  if (!snd.recovery.mayProbe) return;
  const { board } = snd.recovery;
  const length = snd.probeLength(optionBytes(tcb, sackBlocks(tcb)));
  if (length >= 0) snd.sent(emitStream(tcb, sink, snd.sndNxt, length), nowMs);
  else emitAgain(tcb, sink, board.count - 1, nowMs);
  snd.recovery.probed(snd.sndNxt, length < 0);
}

/** A segment that the window forbids, to hear whether it has opened. Spec: RFC 9293 §3.8.6.1. */
function emitProbe(tcb: Tcb, sink: SegmentSink, nowMs: number): void {
  tcb.snd.probed(emitStream(tcb, sink, tcb.snd.sndUna, 1), nowMs);
  tcb.timer.start("persist", nowMs + tcb.snd.window.persistMs(tcb.snd.rtt.rtoMs));
}

/**
 * Emits `maxBytes` of the stream from `seq` on, or what there is, and the FIN if it follows. Returns
 * the sequence numbers used: the caller must account for them, or the peer will acknowledge what was
 * never sent. What is sent `again` has the numbers it had, and leaves out SACK blocks it has no room for.
 */
function emitStream(
  tcb: Tcb,
  sink: SegmentSink,
  seq: Seq,
  maxBytes: number,
  again?: { fin: boolean },
): number {
  const { snd } = tcb;
  let blocks = sackBlocks(tcb);
  while (again !== undefined && blocks > 0 && maxBytes + optionBytes(tcb, blocks) > snd.mssBytes) {
    blocks--;
  }
  const headerBytes = TCP_HEADER_BYTES + optionBytes(tcb, blocks);
  const offset = seqDiff(seq, snd.streamStart);
  const left = Math.max(snd.buffer.lenBytes - offset, 0);
  const length = Math.min(maxBytes, left);
  const last = length === left;
  const fin = again === undefined ? snd.finQueued && last && !snd.finAcked : again.fin;
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
  packet.end = packet.start + TCP_HEADER_BYTES;
  if ((flags & RST) === 0) packet.end += optionBytes(tcb, blocks);
  finish(tcb, sink, packet, { seq, flags, blocks });
}

function sackBlocks(tcb: Tcb): number {
  if (!tcb.sackPermitted) return 0;
  // Timestamps leave room for three.
  return Math.min(tcb.rcv.sack.count, tcb.timestamps.on ? MAX_SACK_BLOCKS - 1 : MAX_SACK_BLOCKS);
}

function optionBytes(tcb: Tcb, blocks: number): number {
  return tcb.fixedOptionBytes + sackOptionBytes(blocks);
}

function finish(
  tcb: Tcb,
  sink: SegmentSink,
  packet: Packet,
  { seq, flags, blocks }: { seq: Seq; flags: number; blocks: number },
): void {
  const { rcv } = tcb;
  const isReset = (flags & RST) !== 0;
  const window = isReset ? 0 : rcv.window();
  const headerBytes = TCP_HEADER_BYTES + (isReset ? 0 : optionBytes(tcb, blocks));
  let at = packet.start + TCP_HEADER_BYTES;
  if (tcb.timestamps.on && !isReset) {
    writeTimestamps(packet.view, at, tcb.tsVal, tcb.timestamps.recent);
    at += TIMESTAMP_OPTION_BYTES;
  }
  writeHeader(packet, tcb, seq, rcv.rcvNxt, flags, window, headerBytes);
  if (blocks > 0) {
    rcv.sack.write(edges, blocks);
    writeSackOption(packet.view, at, edges, blocks);
  }
  const alone = packet.lenBytes === headerBytes;
  sink.send(packet);
  rcv.acked({ alone });
}
