import { CongestionControl, INITIAL_WINDOW_SEGMENTS } from "./congestion.ts";
import { HyStart } from "./hystart.ts";
import { LossBudget } from "./loss_budget.ts";
import type { PathTimes } from "./path_times.ts";
import { QueueBound } from "./queue_bound.ts";

/** Steepness of the curve, segments per second cubed. Spec: RFC 9438 §5 (C). */
const STEEPNESS = 0.4;

/** What is left of the window after a loss. Spec: RFC 9438 §4.6. */
const BETA = 0.7;

/** Growth of a Reno flow of the same average, segments per round. Spec: RFC 9438 §4.3. */
const RENO_GROWTH = 3 * (1 - BETA) / (1 + BETA);

/**
 * The same once delays, not losses, have told that there is enough: they do so every few seconds then,
 * and flows become equal with each reduction. Measured in `tests/simnet`: two flows at 50 ms share 52:48
 * after 10 s, with 1 here 61:39.
 */
const DELAYED_GROWTH = 4;

/** The window grows by at most half of itself in a round. Spec: RFC 9438 §4.4. */
const MAX_TARGET = 1.5;

/** What an undone loss restores. Spec: RFC 9438 §4.9. */
interface Prior {
  cwndBytes: number;
  ssthreshBytes: number;
  maxBytes: number;
}

/**
 * CUBIC with HyStart++.
 *
 * Spec: RFC 9438, RFC 9406. Deviations: the window is also reduced when {@linkcode QueueBound} finds the
 * queue too long, as nothing else would before it overflows, in some networks after seconds. And it is
 * not reduced for losses within {@linkcode LossBudget}, up to 5 % of what is sent while no queue builds
 * up: by the rule, 1 % of random loss at 50 ms leaves 2 Mbit/s of any line.
 */
export class Cubic extends CongestionControl {
  readonly #hystart = new HyStart();
  readonly #budget = new LossBudget();
  readonly #queue = new QueueBound();
  readonly #path: PathTimes;
  #mssBytes = 0;
  /** Window at the last loss. Spec: RFC 9438 §4.1.2 (W_max). */
  #maxBytes = 0;
  /** Start of the current stage of congestion avoidance, or -1. */
  #epochMs = -1;
  /** Time from there to reach `#maxBytes` again. Spec: RFC 9438 §4.2 (K). */
  #riseMs = 0;
  /** Window of a Reno flow in this stage. Spec: RFC 9438 §4.3 (W_est). */
  #renoBytes = 0;
  #lastAckMs = 0;
  /** Whether the window was last reduced by delay, not by loss. */
  #delayed = false;
  /** Bytes that arrived in this round. */
  #roundBytes = 0;
  #prior: Prior = { cwndBytes: 0, ssthreshBytes: Infinity, maxBytes: 0 };

  /** A window of nothing; `path` knows how long a packet takes without queues. */
  constructor(path: PathTimes) {
    super();
    this.#path = path;
  }

  /** Spec: RFC 6928 §2 (initial window, and one segment after a lost SYN). */
  override begin(mssBytes: number, synLost: boolean): void {
    this.#mssBytes = mssBytes;
    this.cwndBytes = synLost ? mssBytes : this.#initialWindow();
    this.#budget.begin(mssBytes);
  }

  override setMss(mssBytes: number): void {
    this.#mssBytes = mssBytes;
    // The window is in bytes, but less than two segments would stop the clock of acknowledgements.
    this.cwndBytes = Math.max(this.cwndBytes, 2 * mssBytes);
  }

  override rttSample(rttMs: number): void {
    this.#hystart.sample(rttMs);
  }

  override roundStarted(nowMs: number): void {
    const over = this.#hystart.roundStarted();
    if (over && this.cwndBytes < this.ssthreshBytes) this.ssthreshBytes = this.cwndBytes;
    this.#boundQueue(nowMs);
    this.#roundBytes = 0;
  }

  #boundQueue(nowMs: number): void {
    const { cwndBytes } = this;
    const bytes = this.#queue.round({
      rttMs: this.#hystart.recentMinMs,
      baseMs: this.#path.leastMs,
      deliveredBytes: this.#roundBytes,
      cwndBytes,
      mssBytes: this.#mssBytes,
    }, nowMs);
    if (bytes === cwndBytes) return;
    this.cwndBytes = this.ssthreshBytes = this.#maxBytes = bytes;
    this.#epochMs = -1;
    // What is given back belongs to a queue of others.
    this.#delayed = bytes < cwndBytes;
  }

  override delivered(bytes: number): void {
    this.#roundBytes += bytes;
    this.#budget.arrived(bytes, { mssBytes: this.#mssBytes, cwndBytes: this.cwndBytes });
  }

  override pathChanged(): void {
    this.#hystart.restart();
    this.#queue.pathChanged();
  }

  override acked(ackedBytes: number, nowMs: number, srttMs: number): void {
    const { cwndBytes } = this;
    if (cwndBytes < this.ssthreshBytes) {
      const growth = ackedBytes * this.#hystart.growth;
      this.cwndBytes = Math.min(cwndBytes + growth, Math.max(this.ssthreshBytes, cwndBytes));
      return;
    }
    this.#avoid(ackedBytes, nowMs, srttMs);
  }

  /** Spec: RFC 9438 §4.2 to §4.5. */
  #avoid(ackedBytes: number, nowMs: number, srttMs: number): void {
    if (this.#epochMs < 0) this.#beginStage(nowMs);
    // Time in which the application had nothing to send does not count (RFC 9438 §4.2).
    const pauseMs = nowMs - this.#lastAckMs - srttMs;
    if (pauseMs > 0) this.#epochMs += pauseMs;
    this.#lastAckMs = nowMs;
    const { cwndBytes } = this;
    const share = ackedBytes / cwndBytes;
    this.#renoBytes += this.#renoGrowth() * share * this.#mssBytes;
    const elapsedMs = nowMs - this.#epochMs;
    if (this.#curve(elapsedMs) < this.#renoBytes) {
      this.cwndBytes = Math.max(this.#renoBytes, cwndBytes);
      return;
    }
    const target = Math.min(this.#curve(elapsedMs + srttMs), MAX_TARGET * cwndBytes);
    if (target > cwndBytes) this.cwndBytes += (target - cwndBytes) * share;
  }

  #renoGrowth(): number {
    if (this.#delayed) return DELAYED_GROWTH;
    return this.#renoBytes < this.#prior.cwndBytes ? RENO_GROWTH : 1;
  }

  #beginStage(nowMs: number): void {
    this.#epochMs = this.#lastAckMs = nowMs;
    this.#renoBytes = this.cwndBytes;
    const missing = (this.#maxBytes - this.cwndBytes) / this.#mssBytes;
    this.#riseMs = missing > 0 ? Math.cbrt(missing / STEEPNESS) * 1000 : 0;
    if (missing <= 0) this.#maxBytes = this.cwndBytes;
  }

  #curve(elapsedMs: number): number {
    const seconds = (elapsedMs - this.#riseMs) / 1000;
    return STEEPNESS * seconds ** 3 * this.#mssBytes + this.#maxBytes;
  }

  override congested(lostBytes: number): boolean {
    const recentMs = this.#hystart.recentMinMs;
    return !this.#budget.tolerates(lostBytes, { minMs: this.#path.leastMs, recentMs });
  }

  /** Spec: RFC 9438 §4.6, §4.7 (fast convergence). */
  override lossDetected(flightBytes: number): void {
    this.#remember();
    this.#delayed = false;
    this.#queue.lossDetected();
    const { cwndBytes } = this;
    const yields = cwndBytes < this.#maxBytes;
    this.#maxBytes = yields ? cwndBytes * (1 + BETA) / 2 : cwndBytes;
    const kept = Math.min(cwndBytes, flightBytes) * BETA;
    this.ssthreshBytes = this.cwndBytes = Math.max(kept, 2 * this.#mssBytes);
    this.#epochMs = -1;
  }

  /** Spec: RFC 9438 §4.8. */
  override timedOut(flightBytes: number, first: boolean): void {
    if (first) {
      this.#remember();
      const kept = Math.min(this.cwndBytes, flightBytes) * BETA;
      this.ssthreshBytes = Math.max(kept, 2 * this.#mssBytes);
    }
    this.cwndBytes = this.#mssBytes;
    this.#maxBytes = 0;
    this.#epochMs = -1;
    this.#delayed = false;
    this.#hystart.restart();
  }

  override undo(): void {
    const prior = this.#prior;
    this.cwndBytes = Math.max(this.cwndBytes, prior.cwndBytes);
    this.ssthreshBytes = Math.max(this.ssthreshBytes, prior.ssthreshBytes);
    this.#maxBytes = Math.max(this.#maxBytes, prior.maxBytes);
    this.#epochMs = -1;
  }

  /** Spec: RFC 5681 §4.1 (restart window), RFC 9438 §4.2. */
  override idle(): void {
    this.cwndBytes = Math.min(this.cwndBytes, this.#initialWindow());
    this.#epochMs = -1;
    this.#hystart.restart();
  }

  #remember(): void {
    const { cwndBytes, ssthreshBytes } = this;
    this.#prior = { cwndBytes, ssthreshBytes, maxBytes: this.#maxBytes };
  }

  #initialWindow(): number {
    return INITIAL_WINDOW_SEGMENTS * this.#mssBytes;
  }
}
