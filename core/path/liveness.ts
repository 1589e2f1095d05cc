/** An idle path is asked this long after the last evidence, in ms: one small packet each way. */
export const IDLE_PROBE_MS = 4_000;

/**
 * A path that leaves every question unanswered for so long is down, in ms. With {@linkcode
 * IDLE_PROBE_MS} this makes 9 s from the last evidence, where 10 s are promised.
 */
const DEAD_AFTER_MS = 5_000;

/** Bounds of the time between questions that go unanswered, in ms; between them three round trips. */
const MIN_RETRY_MS = 1_000;
const MAX_RETRY_MS = 1_500;

/** A path that is down is asked this often, in ms: first, and once it has been down for a minute. */
const DOWN_PROBE_MS = 2_000;
const LONG_DOWN_PROBE_MS = 15_000;
const LONG_DOWN_MS = 60_000;

/** A path heard from more recently than this needs no question when a stream is opened, in ms. */
const FRESH_MS = 1_000;

/** Least time to the question before, in ms, when the peer's makes one due on a path not yet up. */
const MIN_COUNTER_MS = 100;

/** What is sent and not acknowledged makes a question due, but not more often than this, in ms. */
const STALL_PROBE_MS = 2_000;

/** `probing` until first answered, then `up` or `down`. */
export type PathState = "down" | "probing" | "up";

/** What a path needs at the moment: a question asked, or to be left. */
export type LivenessAction = "died" | "probe";

/** See {@linkcode Liveness.setTimes}. */
export interface LivenessTimes {
  /** Time without evidence after which a question is asked; default 4,000. */
  idleMs?: number;
  /** Time that questions may stay unanswered; default 5,000. */
  deadAfterMs?: number;
}

/**
 * Whether one path works, without I/O. What arrives on it postpones the next question; a question
 * that has been asked is settled only by an answer, or by acknowledgements of what was sent by the
 * path, as only these prove the way out.
 */
export class Liveness {
  #deadAfterMs = DEAD_AFTER_MS;
  #idleMs = IDLE_PROBE_MS;
  #state: PathState = "probing";
  #evidenceMs: number;
  /** When the oldest unanswered question was asked. */
  #askedSinceMs: number | undefined;
  /** When the last question was asked. */
  #askedMs = -Infinity;
  #unanswered = 0;
  #downSinceMs = 0;
  #isUrgent = true;
  /** The peer has asked by the path, which is not up. */
  #mayBeUp = false;
  #retryMs = MIN_RETRY_MS;

  /** A path about which nothing is known: it wants a question at once. */
  constructor(nowMs: number) {
    this.#evidenceMs = nowMs;
  }

  /** Sets the times that depend on the peer, in ms: until a question is asked, and until its end. */
  setTimes({ idleMs = IDLE_PROBE_MS, deadAfterMs = DEAD_AFTER_MS }: LivenessTimes): void {
    this.#idleMs = idleMs;
    this.#deadAfterMs = deadAfterMs;
  }

  /** Where the path stands. */
  get state(): PathState {
    return this.#state;
  }

  /** Questions asked since the last answer. */
  get unanswered(): number {
    return this.#unanswered;
  }

  /** Something authentic arrived by the path. */
  heard(nowMs: number): void {
    this.#evidenceMs = nowMs;
  }

  /** The peer acknowledged what was sent by the path. */
  progressed(nowMs: number): void {
    this.#evidenceMs = nowMs;
    if (this.#state !== "up") return;
    this.#askedSinceMs = undefined;
    this.#unanswered = 0;
    this.#isUrgent = false;
  }

  /** The peer has proved by other means that both ways work. */
  proven(nowMs: number): void {
    this.#state = "up";
    this.#evidenceMs = nowMs;
  }

  /** A question was answered by the path; `rttMs` is the smoothed round trip. */
  answered(nowMs: number, rttMs: number): void {
    this.#state = "up";
    this.#evidenceMs = nowMs;
    this.#askedSinceMs = undefined;
    this.#unanswered = 0;
    this.#isUrgent = this.#mayBeUp = false;
    this.#retryMs = Math.min(Math.max(3 * rttMs, MIN_RETRY_MS), MAX_RETRY_MS);
  }

  /** A stream begins: asks unless the path was heard from just now. */
  wanted(nowMs: number): void {
    const freshMs = nowMs - Math.max(this.#evidenceMs, this.#askedMs);
    if (freshMs >= FRESH_MS) this.#isUrgent = true;
  }

  /** What was sent by the path is not acknowledged: asks, whatever may arrive. */
  stalled(nowMs: number): void {
    if (nowMs - this.#askedMs >= STALL_PROBE_MS) this.#isUrgent = true;
  }

  /**
   * The peer asks by the path. If `again`, it got no answer, and our way out may be what is broken;
   * if the path was not up, it may have come up: either is a reason to ask, too.
   */
  peerAsks(nowMs: number, { again }: { again: boolean }): void {
    if (this.#state !== "up") this.#mayBeUp = true;
    else if (again && nowMs - this.#askedMs >= MIN_RETRY_MS) this.#isUrgent = true;
  }

  /** The machine slept or the network changed: what was asked before counts for nothing. */
  probeNow(nowMs: number): void {
    this.#isUrgent = true;
    this.#askedSinceMs = undefined;
    this.#unanswered = 0;
    if (this.#state === "down") this.#downSinceMs = nowMs;
  }

  /** Nothing known before holds any more: not up until it answers again. */
  doubt(nowMs: number): void {
    this.#state = "probing";
    this.probeNow(nowMs);
  }

  /** The path failed by itself, as a send error shows. */
  failed(nowMs: number): void {
    this.#state = "down";
    this.#downSinceMs = this.#askedMs = nowMs;
    this.#isUrgent = false;
  }

  /** When {@linkcode Liveness.poll} is due. */
  nextDeadlineMs(): number {
    if (this.#isUrgent) return -Infinity;
    if (this.#mayBeUp) return this.#askedMs + MIN_COUNTER_MS;
    if (this.#state === "down") return this.#nextWhileDownMs();
    if (this.#askedSinceMs === undefined) return this.#nextIdleMs();
    return Math.min(this.#askedSinceMs + this.#deadAfterMs, this.#askedMs + this.#retryMs);
  }

  /** What is due; `probe` counts as asked. To be repeated until `undefined`. */
  poll(nowMs: number): LivenessAction | undefined {
    if (this.nextDeadlineMs() > nowMs) return undefined;
    const silentMs = nowMs - (this.#askedSinceMs ?? nowMs);
    if (this.#state !== "down" && silentMs >= this.#deadAfterMs) {
      this.failed(nowMs);
      return "died";
    }
    this.#isUrgent = this.#mayBeUp = false;
    this.#askedMs = nowMs;
    this.#askedSinceMs ??= nowMs;
    this.#unanswered++;
    return "probe";
  }

  #nextIdleMs(): number {
    return Math.max(this.#evidenceMs, this.#askedMs) + this.#idleMs;
  }

  #nextWhileDownMs(): number {
    const isLong = this.#askedMs - this.#downSinceMs >= LONG_DOWN_MS;
    return this.#askedMs + (isLong ? LONG_DOWN_PROBE_MS : DOWN_PROBE_MS);
  }
}
