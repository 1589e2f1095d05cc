import type { Clock, Timer } from "../../core/clock/mod.ts";
import type { UdpLease } from "../udp/mod.ts";
import type { Holder } from "./context.ts";
import type { SessionRight } from "./parted.ts";
import type { Session } from "./session_table.ts";

/** Leases kept at most; beyond that the one kept for longest is ended. */
const MAX_LEASES = 1024;

/** The longest grace time that peers are granted, in seconds: the longest they can be set to. */
const MAX_GRACE_SECONDS = 3600;

/**
 * An end that was not heard by UDP for so long, in ms, has left it: the peers that ask for a grace time
 * ask each other by an idle path every 4 s.
 */
const QUIET_MS = 10_000;

/** What decides whether UDP of a session may go on. */
export interface PartedRight extends SessionRight {
  /** Whose token the agent registered with; undefined on an open hub. */
  readonly agentHolder: Holder | undefined;
}

interface Kept {
  readonly right: PartedRight;
  readonly lease: UdpLease;
  readonly untilMs: number;
  timer: Timer;
}

/**
 * UDP of sessions whose WebSockets are gone, for as long as both ends asked for, are heard, and may have
 * the session: where TCP alone is stopped, connections go on until there is a new socket. Reference
 * peers do not ask for it; their tokens die with the session.
 *
 * Spec: wire.md 5.1; the grace time is an addition of ours
 */
export class PartedUdp {
  readonly #clock: Clock;
  /** By the client's key, in the order of their parting. */
  readonly #kept = new Map<string, Kept>();

  /** Keeps none. */
  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Takes the lease of a session, or leaves it if that is not to be kept. */
  take(session: Session): void {
    const { udp: lease, grace, wgPubKey } = session;
    const graceMs = Math.min(grace.agentSeconds, grace.clientSeconds, MAX_GRACE_SECONDS) * 1000;
    const nowMs = this.#clock.nowMs();
    if (lease === undefined || wgPubKey === "" || graceMs <= 0) return;
    if (lease.quietMs(nowMs) > QUIET_MS) return;
    session.udp = undefined;
    this.end(wgPubKey);
    const { allowedPorts, holder, machine, agentHolder } = session;
    const right = { allowedPorts, holder, machine, wgPubKey, agentHolder };
    const kept = { right, lease, untilMs: nowMs + graceMs, timer: this.#watch(wgPubKey) };
    this.#kept.set(wgPubKey, kept);
    if (this.#kept.size <= MAX_LEASES) return;
    const [oldest] = this.#kept.keys();
    this.end(oldest!);
  }

  /** Ends UDP of the session of a client, if it is kept. */
  end(wgPubKey: string): void {
    const kept = this.#kept.get(wgPubKey);
    if (kept === undefined) return;
    this.#kept.delete(wgPubKey);
    kept.timer.cancel();
    kept.lease.end();
  }

  /** Ends those whose right is no more. */
  enforce(isWithdrawn: (right: PartedRight) => boolean): void {
    for (const { right } of [...this.#kept.values()]) {
      if (isWithdrawn(right)) this.end(right.wgPubKey);
    }
  }

  #watch(wgPubKey: string): Timer {
    return this.#clock.setTimer(() => {
      const kept = this.#kept.get(wgPubKey)!;
      const nowMs = this.#clock.nowMs();
      const isOver = nowMs >= kept.untilMs || kept.lease.quietMs(nowMs) > QUIET_MS;
      if (isOver) this.end(wgPubKey);
      else kept.timer = this.#watch(wgPubKey);
    }, QUIET_MS);
  }
}
