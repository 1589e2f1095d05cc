import type { Tcb } from "./tcb.ts";

/**
 * Does what the main timer was waiting for, if it is due; what follows is emitted afterwards. While the
 * carrier is `paused`, silence says nothing about the path.
 */
export function runTimer(tcb: Tcb, nowMs: number, { paused }: { paused: boolean }): void {
  const { timer, snd } = tcb;
  if (nowMs >= tcb.orphanUntilMs) return tcb.reset("timed-out");
  if (snd.recovery.reorderAtMs <= nowMs) snd.reorderTimeout(nowMs);
  if (timer.atMs > nowMs) return;
  if (paused && timer.waitsForAck && tcb.synchronised) return onPaused(tcb, nowMs);
  switch (timer.kind) {
    case "retransmit":
      timer.stop();
      return tcb.synchronised ? onRetransmit(tcb, nowMs) : onSynTimeout(tcb, nowMs);
    case "probe":
      return onProbe(tcb, nowMs);
    case "persist":
      if (givenUp(tcb, nowMs)) return tcb.reset("timed-out");
      tcb.snd.forced = true;
      return;
    case "keep-alive":
      if (tcb.probesSent >= tcb.options.keepAliveProbes) return tcb.reset("timed-out");
      tcb.probesSent++;
      tcb.probedMs = nowMs;
      tcb.probeOwed = true;
      return;
    case "fin-wait-2":
    case "time-wait":
      return tcb.end();
  }
}

/** What is in flight still waits in the carrier: neither lost nor worth a second copy. */
function onPaused(tcb: Tcb, nowMs: number): void {
  if (givenUp(tcb, nowMs)) return tcb.reset("timed-out");
  tcb.snd.stalled(nowMs);
  tcb.timer.start("retransmit", nowMs + tcb.snd.rtt.rtoMs);
}

/** Spec: RFC 9293 §3.8.1, RFC 6298 (5.4) to (5.6). */
function onRetransmit(tcb: Tcb, nowMs: number): void {
  const { snd } = tcb;
  if (givenUp(tcb, nowMs)) return tcb.reset("timed-out");
  // Measurements since the timer was started may have made the timeout longer.
  const dueMs = snd.recovery.board.count > 0
    ? snd.recovery.board.firstSentMs + snd.rtt.rtoMs
    : nowMs;
  if (snd.stalledSinceMs < 0 && dueMs > nowMs) return tcb.timer.start("retransmit", dueMs);
  snd.retransmissionTimeout(nowMs);
}

/** Spec: RFC 8985 §7.3. */
function onProbe({ timer, snd }: Tcb, nowMs: number): void {
  // What was sent since the timer was started is waited for as long.
  const atMs = snd.probeAtMs();
  if (atMs > nowMs) return timer.start("probe", atMs);
  timer.start("retransmit", nowMs + snd.rtt.rtoMs);
  snd.recovery.probeOwed = snd.recovery.mayProbe;
}

function givenUp(tcb: Tcb, nowMs: number): boolean {
  const { stalledSinceMs } = tcb.snd;
  return stalledSinceMs >= 0 && nowMs - stalledSinceMs >= tcb.options.userTimeoutMs;
}

function onSynTimeout(tcb: Tcb, nowMs: number): void {
  if (nowMs - tcb.openedMs >= tcb.options.connectTimeoutMs) return tcb.end("timed-out");
  tcb.snd.synTimedOut();
  tcb.synOwed = true;
}

/**
 * A window that was closed upon data in flight is open: that data was not taken, and goes again at
 * once, however long the timeout has become.
 */
export function windowReopened({ snd }: Tcb, nowMs: number): void {
  snd.retransmissionTimeout(nowMs);
  snd.stalledSinceMs = -1;
  snd.rtt.resetBackOff();
}
