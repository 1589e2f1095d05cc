/** The queue that may stand, as a share of the round-trip time without one. */
const QUEUE_SHARE = 0.5;

/** A queue that delays by less is tolerated: timers, batches and a busy machine do as much. */
const MIN_QUEUE_MS = 10;

/** What is kept of the limit by a reduction, as after a loss: the queue is then just not empty. */
const KEPT = 0.7;

/**
 * What a reduction must do at least, as a share of what it would do alone. Half of the path is enough to
 * go on with it, as the others are flows like this one; with more it would yield less to flows that know
 * only losses, but two of its kind would take each other for such.
 */
const LEAST_EFFECT = 0.4;

/** Rounds after which a reduction shows: what is sent in the next one comes back in the one after. */
const TRIAL_ROUNDS = 2;

/** How long a queue that did not become shorter counts as part of the path. */
const ACCEPTED_MS = 10_000;

/** What a reduction leaves of the window at least: a path that stalls looks like one with a queue. */
const MIN_KEPT = 0.5;

/** Least window, in segments. */
const MIN_SEGMENTS = 4;

/** A round trip that has ended. */
export interface Round {
  /** Least round-trip time in it. */
  readonly rttMs: number;
  /** Least round-trip time of the path. */
  readonly baseMs: number;
  /** Bytes that arrived in it. */
  readonly deliveredBytes: number;
  /** Congestion window. */
  readonly cwndBytes: number;
  /** Effective segment size. */
  readonly mssBytes: number;
}

/** A reduction whose effect is awaited. */
interface Trial {
  /** Rounds until it shows. */
  rounds: number;
  /** Window before it. */
  cwndBytes: number;
  /** A round-trip time above this means that it had no effect. */
  limitMs: number;
}

/**
 * Keeps short the queue that a connection alone would build where nothing is ever lost to say that it
 * is long. The window is reduced to what the path delivers within a limit; where that does not make the
 * queue shorter it is the queue of others, or the path has become longer: then the window is given
 * back, or flows that know only losses would take everything, and the limit counts from there.
 */
export class QueueBound {
  #trial: Trial | undefined;
  /** Rounds until a reduction after a loss shows. */
  #settling = 0;
  #startMs = Infinity;
  #acceptedMs = 0;
  #acceptedUntilMs = -Infinity;

  /** The congestion window from `nowMs` on, when a round has ended. */
  round(round: Round, nowMs: number): number {
    const lastedMs = nowMs - this.#startMs;
    this.#startMs = nowMs;
    if (this.#trial !== undefined) return this.#judge(this.#trial, round, nowMs);
    const { rttMs, deliveredBytes, cwndBytes, mssBytes } = round;
    if (this.#settling > 0) {
      this.#settling--;
      return cwndBytes;
    }
    // What does not use its window has built no queue; in slow start half of it is new.
    if (deliveredBytes < cwndBytes / 4) return cwndBytes;
    const acceptedMs = nowMs < this.#acceptedUntilMs ? this.#acceptedMs : 0;
    const baseMs = Math.max(round.baseMs, acceptedMs);
    const limitMs = baseMs + Math.max(baseMs * QUEUE_SHARE, MIN_QUEUE_MS);
    if (rttMs === Infinity || rttMs <= limitMs) return cwndBytes;
    const bytesPerMs = deliveredBytes / lastedMs;
    const leastBytes = Math.max(cwndBytes * MIN_KEPT, MIN_SEGMENTS * mssBytes);
    const keptBytes = Math.max(bytesPerMs * limitMs * KEPT, leastBytes);
    if (keptBytes >= cwndBytes) return cwndBytes;
    // What is under way by now would have waited so long; alone, the connection now waits so short.
    const elseMs = Math.max(rttMs, cwndBytes / bytesPerMs);
    const aloneMs = Math.max(elseMs * keptBytes / cwndBytes, baseMs);
    this.#trial = {
      rounds: TRIAL_ROUNDS,
      cwndBytes,
      limitMs: elseMs - (elseMs - aloneMs) * LEAST_EFFECT,
    };
    return keptBytes;
  }

  /** The window was reduced for a loss, which makes the queue shorter, too. */
  lossDetected(): void {
    this.#trial = undefined;
    this.#settling = TRIAL_ROUNDS;
  }

  /** What was found out about the old path does not hold for the new one. */
  pathChanged(): void {
    this.#trial = undefined;
    this.#acceptedUntilMs = -Infinity;
  }

  #judge(trial: Trial, { rttMs, cwndBytes }: Round, nowMs: number): number {
    if (--trial.rounds > 0) return cwndBytes;
    this.#trial = undefined;
    if (rttMs <= trial.limitMs) return cwndBytes;
    this.#acceptedMs = rttMs;
    this.#acceptedUntilMs = nowMs + ACCEPTED_MS;
    return Math.max(cwndBytes, trial.cwndBytes);
  }
}
