import type { Tcb } from "./tcb.ts";

/** Does what the main timer was waiting for, if it is due; what follows is emitted afterwards. */
export function runTimer(tcb: Tcb, nowMs: number): void {
  const { timer } = tcb;
  if (timer.atMs > nowMs) return;
  switch (timer.kind) {
    case "retransmit":
      timer.stop();
      return tcb.synchronised ? onRetransmit(tcb, nowMs) : onSynTimeout(tcb, nowMs);
    case "persist":
      if (givenUp(tcb, nowMs)) return tcb.reset("timed-out");
      tcb.snd.forced = true;
      return;
    case "keep-alive":
      if (tcb.probesSent >= tcb.options.keepAliveProbes) return tcb.reset("timed-out");
      tcb.probesSent++;
      tcb.probeOwed = true;
      return;
    case "fin-wait-2":
    case "time-wait":
      return tcb.end();
  }
}

/** Spec: RFC 9293 §3.8.1, RFC 6298 (5.4) to (5.6). */
function onRetransmit(tcb: Tcb, nowMs: number): void {
  if (givenUp(tcb, nowMs)) return tcb.reset("timed-out");
  tcb.snd.retransmissionTimeout(nowMs);
}

function givenUp(tcb: Tcb, nowMs: number): boolean {
  const { stalledSinceMs } = tcb.snd;
  return stalledSinceMs >= 0 && nowMs - stalledSinceMs >= tcb.options.userTimeoutMs;
}

function onSynTimeout(tcb: Tcb, nowMs: number): void {
  if (nowMs - tcb.openedMs >= tcb.options.connectTimeoutMs) return tcb.end("timed-out");
  tcb.snd.rtt.backOff();
  tcb.snd.synLost = true;
  tcb.synOwed = true;
}
