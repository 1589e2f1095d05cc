import { ACK, FIN, RST, type Segment, SYN } from "./segment.ts";
import { seqAdd, seqDiff, seqLe, seqLt } from "./seq.ts";
import type { Tcb } from "./tcb.ts";
import { windowReopened } from "./timeouts.ts";

/** Processes a segment for this connection. Nothing is emitted. Spec: RFC 9293 §3.10.7. */
export function segmentArrives(tcb: Tcb, segment: Segment, nowMs: number): void {
  if (tcb.state === "closed") return;
  if (tcb.state === "syn-sent") return inSynSent(tcb, segment, nowMs);
  if (!checkTimestamps(tcb, segment, nowMs)) return;
  if (isSynWithData(tcb, segment)) return takeSynData(tcb, segment, nowMs);
  const crossed = isCrossedSynAck(tcb, segment);
  if (crossed) takeOffSyn(segment);
  if (!checkSequence(tcb, segment, nowMs)) return takeAckOfUnacceptable(tcb, segment, nowMs);
  if ((segment.flags & RST) !== 0) return onReset(tcb, segment, nowMs);
  if ((segment.flags & SYN) !== 0) return tcb.challenge(nowMs);
  if ((segment.flags & ACK) === 0) return;
  const opens = tcb.state === "syn-received";
  if (!checkAck(tcb, segment, nowMs)) return;
  tcb.lastHeardMs = nowMs;
  tcb.probesSent = 0;
  if (tcb.timestamps.on) tcb.timestamps.update(segment, tcb.rcv.lastAckSent, nowMs);
  // That of our SYN has been taken, and is no duplicate.
  if (!opens || segment.sackCount > 0) takeAck(tcb, segment, nowMs);
  onAck(tcb, segment, nowMs);
  // The window of a SYN is not scaled (RFC 7323 §2.2).
  if (crossed) tcb.snd.window.open(segment.window, segment.seq, tcb.snd.sndUna);
  // Processing the acknowledgement may have ended the connection (LAST-ACK).
  if (!isEnded(tcb)) onText(tcb, segment, nowMs);
}

function isEnded(tcb: Tcb): boolean {
  return tcb.state === "closed";
}

/** Spec: RFC 9293 §3.10.7.3. */
function inSynSent(tcb: Tcb, segment: Segment, nowMs: number): void {
  const { flags, ack } = segment;
  const { snd } = tcb;
  const hasAck = (flags & ACK) !== 0;
  if (hasAck && (seqLe(ack, snd.iss) || seqLt(snd.sndMax, ack))) {
    if ((flags & RST) === 0) tcb.strayReset = ack;
    return;
  }
  if ((flags & RST) !== 0) {
    if (hasAck) tcb.end("refused");
    return;
  }
  if ((flags & SYN) === 0) return;
  takeSyn(tcb, segment, nowMs);
  tcb.lastHeardMs = nowMs;
  if (!hasAck) {
    // Simultaneous open: both SYNs crossed.
    tcb.state = "syn-received";
    tcb.synOwed = true;
    return;
  }
  snd.synAcknowledged(ack, nowMs);
  establish(tcb);
  if (tcb.options.synData) tcb.rcv.oweDelayedAck(nowMs);
  else tcb.rcv.oweAck();
  takeOffSyn(segment);
  onText(tcb, segment, nowMs);
}

/** Leaves what follows the SYN in its segment. */
function takeOffSyn(segment: Segment): void {
  segment.flags &= ~SYN;
  segment.seq = seqAdd(segment.seq, 1);
}

/** Takes what the peer's SYN says. Spec: RFC 9293 §3.7.1, RFC 7323 §2.2, RFC 2018 §2. */
export function takeSyn(tcb: Tcb, segment: Segment, nowMs: number): void {
  const scaled = tcb.scaled = segment.windowScale >= 0;
  tcb.rcv.synchronise(segment.seq, scaled);
  tcb.snd.window.shift = scaled ? segment.windowScale : 0;
  tcb.timestamps.on = tcb.options.timestamps && segment.hasTimestamps;
  if (tcb.timestamps.on) tcb.timestamps.begin(segment, nowMs);
  tcb.snd.setPeerMss(segment.mss, { optionBytes: tcb.fixedOptionBytes });
  tcb.snd.window.open(segment.window, segment.seq, tcb.snd.sndUna);
  tcb.sackPermitted = tcb.snd.recovery.selective = segment.sackPermitted;
}

/** In SYN-RECEIVED: the peer repeats its SYN because data has come to it meanwhile. */
function isSynWithData(tcb: Tcb, segment: Segment): boolean {
  return tcb.maySend && !tcb.synchronised && (segment.flags & (SYN | ACK | RST)) === SYN &&
    segment.seq === tcb.rcv.irs &&
    seqLe(tcb.rcv.rcvNxt, seqAdd(segment.seq, segment.payloadBytes));
}

/** Takes the data that came with the peer's SYN, if that was agreed. Spec: RFC 7413 §4.2. */
export function takeSynData(tcb: Tcb, segment: Segment, nowMs: number): void {
  if (!tcb.options.synData || segment.payloadBytes === 0) return;
  takeOffSyn(segment);
  segment.flags &= ~FIN;
  onText(tcb, segment, nowMs);
}

function establish(tcb: Tcb): void {
  tcb.state = "established";
  // The peer's SYN may have come again just before, or for the first time if both open; ours is off
  // the scoreboard now.
  if (tcb.synOwed && !tcb.passive) tcb.rcv.oweAck();
  tcb.synOwed = false;
  tcb.timer.stop();
  tcb.snd.established();
  // Closed before, behind data that may have been on its way already (RFC 9293 §3.10.4).
  if (tcb.snd.finQueued) tcb.state = "fin-wait-1";
}

/** Before the first check: is it an old duplicate? Spec: RFC 7323 §5.3 (PAWS), §3.2. */
function checkTimestamps(tcb: Tcb, segment: Segment, nowMs: number): boolean {
  const { timestamps } = tcb;
  if (!timestamps.on || (segment.flags & RST) !== 0) return true;
  if (segment.hasTimestamps && timestamps.isCurrent(segment, nowMs)) return true;
  tcb.unacceptable++;
  // Without timestamps it comes from somebody who does not know that they were agreed on.
  if (segment.hasTimestamps) {
    if (segment.payloadBytes > 0) tcb.rcv.oweAck();
    else tcb.challenge(nowMs);
  }
  return false;
}

/** First check. False if the segment has been dealt with. Spec: RFC 9293 §3.10.7.4. */
function checkSequence(tcb: Tcb, segment: Segment, nowMs: number): boolean {
  if (tcb.rcv.accepts(segment)) return true;
  tcb.unacceptable++;
  if ((segment.flags & RST) !== 0) return false;
  if (tcb.state === "time-wait" && (segment.flags & FIN) !== 0) tcb.enterTimeWait(nowMs);
  if (tcb.state === "syn-received" && (segment.flags & SYN) !== 0) {
    // The peer repeats its SYN: it has not heard our answer.
    if (segment.seq === tcb.rcv.irs && tcb.ackLimiter.allow(nowMs)) tcb.synOwed = true;
    return false;
  }
  // Data is always answered, as its sender waits for it; two ends that answer each other's empty
  // segments would never stop.
  if (segment.payloadBytes > 0 || (segment.flags & FIN) !== 0) tcb.rcv.outside(segment);
  else tcb.challenge(nowMs);
  return false;
}

/**
 * Two ends that each closed their window upon data in flight may know old edges of each other's only:
 * what they send lies outside, and each would drop for ever what could tell it the new one. So an end
 * whose data outran a window takes new acknowledgements from anywhere near.
 *
 * Deviation from RFC 9293 §3.10.7.4, which makes this allowance for closed windows only.
 */
function takeAckOfUnacceptable(tcb: Tcb, segment: Segment, nowMs: number): void {
  const { snd } = tcb;
  if (!tcb.synchronised || snd.window.ackSeq(snd) === snd.sndMax) return;
  if ((segment.flags & (SYN | ACK | RST)) !== ACK || !tcb.rcv.isNear(segment)) return;
  if (seqLt(snd.sndUna, segment.ack) && seqLe(segment.ack, snd.sndMax)) {
    takeAck(tcb, segment, nowMs);
    onAck(tcb, segment, nowMs);
  }
}

/** Before ours was acknowledged: an acknowledgement of it, and perhaps of data behind it. */
function acknowledgesSyn({ snd }: Tcb, { ack }: Segment): boolean {
  return seqLt(snd.sndUna, ack) && seqLe(ack, snd.sndMax);
}

/** In a simultaneous open the peer's SYN-ACK repeats its SYN. Spec: RFC 9293 §3.5 (figure 8). */
function isCrossedSynAck(tcb: Tcb, segment: Segment): boolean {
  return tcb.state === "syn-received" && !tcb.passive &&
    (segment.flags & (SYN | ACK | RST)) === (SYN | ACK) &&
    segment.seq === tcb.rcv.irs && acknowledgesSyn(tcb, segment);
}

/** Second check. Spec: RFC 9293 §3.10.7.4, RFC 5961 §3.2. */
function onReset(tcb: Tcb, segment: Segment, nowMs: number): void {
  if (segment.seq !== tcb.rcv.rcvNxt) return tcb.challenge(nowMs);
  switch (tcb.state) {
    case "syn-received":
      return tcb.end(tcb.passive ? "reset" : "refused");
    case "closing":
    case "last-ack":
    case "time-wait":
      return tcb.end();
    default:
      return tcb.end("reset");
  }
}

/** Fifth check, first part. Spec: RFC 9293 §3.10.7.4, RFC 5961 §5.2. */
function checkAck(tcb: Tcb, segment: Segment, nowMs: number): boolean {
  const { snd } = tcb;
  if (tcb.state === "syn-received") {
    if (acknowledgesSyn(tcb, segment)) {
      snd.synAcknowledged(segment.ack, nowMs);
      establish(tcb);
      return true;
    }
    tcb.strayReset = segment.ack;
    return false;
  }
  const ahead = seqDiff(segment.ack, snd.sndUna);
  if (seqLe(segment.ack, snd.sndMax) && ahead >= -snd.window.maxBytes) return true;
  tcb.challenge(nowMs);
  return false;
}

/** Fifth check, second part: what has arrived. */
function takeAck(tcb: Tcb, segment: Segment, nowMs: number): void {
  const { snd } = tcb;
  const ahead = seqDiff(segment.ack, snd.sndUna);
  if (tcb.timestamps.on) snd.echoedMs = tcb.timestamps.echoedMs(segment, nowMs);
  if (ahead > 0 || (ahead === 0 && segment.sackCount > 0)) {
    snd.acknowledged(segment, nowMs);
    if (ahead > 0 && tcb.timer.waitsForAck) tcb.timer.stop();
  } else if (ahead === 0 && segment.seqLength === 0) {
    if (snd.recovery.selective) snd.acknowledged(segment, nowMs);
    else if (isDuplicate(tcb, segment)) {
      snd.recovery.duplicateAck(snd, snd.congestion, nowMs);
    }
  }
}

/** Fifth check, third part: the window, and what follows from an acknowledged FIN. */
function onAck(tcb: Tcb, segment: Segment, nowMs: number): void {
  const { snd } = tcb;
  if (seqLe(snd.sndUna, segment.ack)) {
    const wasClosed = snd.window.bytes === 0;
    snd.window.update(segment.window, segment.seq, segment.ack);
    if (wasClosed && snd.window.bytes > 0 && snd.flightBytes > 0) windowReopened(tcb, nowMs);
    // A peer that answers probes is alive, however long its window stays closed (RFC 9293 §3.8.6.1).
    if (snd.window.bytes === 0) snd.stalledSinceMs = -1;
  }
  if (!snd.finAcked) return;
  tcb.orphanUntilMs = Infinity;
  if (tcb.state === "fin-wait-1") {
    tcb.state = "fin-wait-2";
    tcb.timer.stop();
  } else if (tcb.state === "closing") tcb.enterTimeWait(nowMs);
  else if (tcb.state === "last-ack") tcb.end();
}

/** Whether an acknowledgement that came alone says nothing new. Spec: RFC 5681 §2. */
function isDuplicate({ snd }: Tcb, segment: Segment): boolean {
  return segment.ack === snd.sndUna && snd.flightBytes > 0 &&
    segment.window << snd.window.shift === snd.window.bytes;
}

/** Seventh and eighth check: payload and FIN. */
function onText(tcb: Tcb, segment: Segment, nowMs: number): void {
  if (segment.payloadBytes === 0 && (segment.flags & FIN) === 0) return;
  const { rcv } = tcb;
  if (rcv.finReceived) {
    // Nothing follows a FIN but its repetition.
    rcv.oweAck();
    if (tcb.state === "time-wait") tcb.enterTimeWait(nowMs);
    return;
  }
  const end = seqAdd(segment.seq, segment.payloadBytes);
  if (tcb.orphan && seqLt(rcv.rcvNxt, end)) {
    // Nobody will read it: the peer must learn that its data is lost (RFC 9293 §3.6.1).
    return tcb.reset();
  }
  if (segment.payloadBytes > 0 && tcb.snd.srttMs >= 0) {
    // Not the smoothed time: a window that grows with the queue it fills would know no end.
    rcv.tune(Math.min(tcb.snd.srttMs, tcb.snd.path.leastMs), nowMs);
  }
  rcv.take(segment, nowMs);
  if (rcv.finReceived) onFin(tcb, nowMs);
}

function onFin(tcb: Tcb, nowMs: number): void {
  if (tcb.state === "established") {
    tcb.state = "close-wait";
    return;
  }
  const isLast = tcb.state === "fin-wait-2";
  if (isLast) tcb.enterTimeWait(nowMs);
  else if (tcb.state === "fin-wait-1") tcb.state = "closing";
  // Nothing of this connection follows that could carry it; but segments of others may.
  if (!isLast || !tcb.options.synData) tcb.rcv.oweAck();
}
