import type { PathKind } from "./kind.ts";
import { BETTER_BY, isFaster, type PathView, suffers } from "./path_view.ts";

/** An idle path must be better for so long, in ms, before it is changed to. */
const IDLE_HOLD_MS = 2_000;

/** Data of the peer decides for so long about the path of what little is sent, in ms. */
const FOLLOW_MS = 5_000;

/** What the path in use carries is measured over so long, in ms. */
const WINDOW_MS = 1_000;

/** The first trial comes so long after a transfer began, in ms; the first window must have passed. */
const FIRST_TRIAL_MS = 2_000;

/** Time from one trial to the next, in ms: doubled from the first to the second bound. */
const MIN_SPACING_MS = 5_000;
const MAX_SPACING_MS = 300_000;

/** After a trial that was won the one that lost has just been measured, in ms. */
const WON_SPACING_MS = 20_000;

/** A trial settles first, then it is measured, in ms. */
const SETTLE_MS = 600;
const MEASURE_MS = 1_000;

/**
 * A path that carries less than this share of its mean, for so many windows in a row, is worth a trial;
 * under loss a single window tells little.
 */
const DEGRADED_SHARE = 0.5;
const DEGRADED_WINDOWS = 2;

/** Weight of a window in the mean. */
const MEAN_GAIN = 1 / 4;

/**
 * A transfer that shows no reason for a trial gets one so late, in ms, or as late after the last: what
 * nothing promises is rarely there, but only a trial can know.
 */
const CURIOUS_MS = 30_000;

/** What {@linkcode PathChoice.choose} decides by. */
export interface ChoiceInput {
  /** Paths that work; any other is left at once. */
  paths: readonly PathView[];
  /** Payload that the peer has acknowledged since the beginning, bytes. */
  ackedBytes: number;
  /** Whether there was more to send than the path took, all the time since the last call. */
  isBusy: boolean;
  /** Whether a transfer would show that its path suffers, as the peer is asked meanwhile. */
  isWatched: boolean;
  /** The path by which data of the peer has come since the last call, if enough did. */
  peerUses?: PathKind | undefined;
}

interface Trial {
  from: PathKind;
  startMs: number;
  ackedBytes: number | undefined;
}

/**
 * Which path to send by, for one direction, without I/O. A path is left for a reason only. A busy
 * tunnel is measured by what arrives: if its path suffers or another promises more, it tries another
 * for a moment, ever less often, and keeps the one that carries more. An idle one goes where answers
 * come clearly faster, unless it knows that less arrives there; one that only receives answers by the
 * path that the peer has chosen.
 */
export class PathChoice {
  /** What each path carried when last measured, bits a second. */
  readonly goodputBps: Map<PathKind, number> = new Map();
  #current: PathKind | undefined;
  #trial: Trial | undefined;
  #busySinceMs: number | undefined;
  #windowMs = 0;
  #windowAcked = 0;
  /** The mean of what the path in use carries, in the last transfer, too. */
  #referenceBps = 0;
  /** Windows in a row that were far below the mean. */
  #lowWindows = 0;
  #nextTrialMs = 0;
  #lastTrialMs = -Infinity;
  #spacingMs = MIN_SPACING_MS;
  readonly #triedMs = new Map<PathKind, number>();
  #preferredSinceMs: number | undefined;
  #followedMs = -Infinity;

  /** The path in use; `undefined` while none works. */
  get current(): PathKind | undefined {
    return this.#current;
  }

  /** Decides, and returns the path to send by; `undefined` if none works. */
  choose(nowMs: number, input: ChoiceInput): PathKind | undefined {
    const { paths } = input;
    // Without a way back there is nothing to try.
    if (this.#trial !== undefined && !has(paths, this.#trial.from)) this.#trial = undefined;
    if (this.#current === undefined || !has(paths, this.#current)) this.#leave(nowMs, paths);
    else if (!input.isBusy) this.#whileIdle(nowMs, input);
    else this.#whileBusy(nowMs, input);
    return this.#current;
  }

  /** Uses `kind` from now on, for a test of changes or by the user's wish; measuring goes on. */
  use(kind: PathKind, nowMs: number): void {
    this.#current = kind;
    this.#trial = undefined;
    this.#busySinceMs = undefined;
    this.#nextTrialMs = nowMs + this.#spacingMs;
  }

  /** The path in use ceased to work: to the best of the others, at once. */
  #leave(nowMs: number, paths: readonly PathView[]): void {
    const trial = this.#trial;
    this.#stop();
    const back = trial && paths.find(({ kind }) => kind === trial.from);
    const best = back ?? paths.reduce<PathView | undefined>(
      (a, b) => a === undefined || this.#prefers(b, a) && b.isSettled ? b : a,
      undefined,
    );
    this.#current = best?.kind;
    this.#spacingMs = MIN_SPACING_MS;
    this.#nextTrialMs = nowMs + FIRST_TRIAL_MS;
  }

  #stop(): void {
    this.#trial = undefined;
    this.#busySinceMs = this.#preferredSinceMs = undefined;
  }

  #whileIdle(nowMs: number, { paths, peerUses }: ChoiceInput): void {
    // A transfer that ends within a trial has proved nothing.
    if (this.#trial !== undefined) this.#current = this.#trial.from;
    this.#trial = this.#busySinceMs = undefined;
    // The peer measures a path by what we acknowledge: both ways belong to it.
    if (peerUses !== undefined && has(paths, peerUses)) {
      this.#current = peerUses;
      this.#followedMs = nowMs;
    }
    if (nowMs - this.#followedMs < FOLLOW_MS) {
      this.#preferredSinceMs = undefined;
      return;
    }
    const current = paths.find(({ kind }) => kind === this.#current);
    const best = current &&
      paths.filter(({ isSettled }) => isSettled)
        .reduce((a, b) => this.#prefers(b, a) ? b : a, current);
    if (best === undefined || best === current) {
      this.#preferredSinceMs = undefined;
      return;
    }
    this.#preferredSinceMs ??= nowMs;
    if (nowMs - this.#preferredSinceMs < IDLE_HOLD_MS) return;
    this.#current = best.kind;
    this.#preferredSinceMs = undefined;
  }

  /** Whether `a` is better than `b`, by a margin. */
  #prefers(a: PathView, b: PathView): boolean {
    const [carriedA, carriedB] = [this.goodputBps.get(a.kind), this.goodputBps.get(b.kind)];
    if (carriedA !== undefined && carriedB !== undefined) {
      if (carriedA > BETTER_BY * carriedB) return true;
      if (carriedB > BETTER_BY * carriedA) return false;
    }
    return isFaster(a, b);
  }

  #whileBusy(nowMs: number, input: ChoiceInput): void {
    this.#preferredSinceMs = undefined;
    if (this.#busySinceMs === undefined) {
      this.#busySinceMs = this.#windowMs = nowMs;
      this.#windowAcked = input.ackedBytes;
      this.#referenceBps = this.goodputBps.get(this.#current!) ?? 0;
      this.#lowWindows = 0;
      const soonestMs = nowMs + FIRST_TRIAL_MS;
      this.#nextTrialMs = Math.max(soonestMs, this.#lastTrialMs + this.#spacingMs);
      return;
    }
    if (this.#trial !== undefined) this.#judge(nowMs, input, this.#trial);
    else this.#watch(nowMs, input);
  }

  #watch(nowMs: number, { paths, ackedBytes, isWatched }: ChoiceInput): void {
    this.#measure(nowMs, ackedBytes);
    const current = paths.find(({ kind }) => kind === this.#current)!;
    const others = paths.filter(({ kind, isSettled }) => kind !== this.#current && isSettled);
    const promising = others.filter((other) => this.#prefers(other, current));
    const hasReason = promising.length > 0 || this.#isDegraded || !isWatched || suffers(current);
    const other = this.#leastRecentlyTried(promising.length > 0 ? promising : others);
    if (other === undefined || nowMs < this.#dueMs({ other, hasReason })) return;
    this.#trial = { from: this.#current!, startMs: nowMs, ackedBytes: undefined };
    // What is compared with has been tried by that, too.
    this.#triedMs.set(this.#current!, nowMs).set(other, nowMs);
    this.#current = other;
  }

  /** Takes what the path in use carries, once in a window. */
  #measure(nowMs: number, ackedBytes: number): void {
    const spanMs = nowMs - this.#windowMs;
    if (spanMs < WINDOW_MS) return;
    const bps = (ackedBytes - this.#windowAcked) * 8000 / spanMs;
    this.goodputBps.set(this.#current!, bps);
    const meanBps = this.#referenceBps === 0 ? bps : this.#referenceBps;
    this.#lowWindows = bps < DEGRADED_SHARE * meanBps ? this.#lowWindows + 1 : 0;
    this.#referenceBps = meanBps + (bps - meanBps) * MEAN_GAIN;
    this.#windowMs = nowMs;
    this.#windowAcked = ackedBytes;
  }

  get #isDegraded(): boolean {
    return this.#lowWindows >= DEGRADED_WINDOWS;
  }

  /** When another path may be tried. */
  #dueMs({ other, hasReason }: { other: PathKind; hasReason: boolean }): number {
    const firstMs = this.#busySinceMs! + FIRST_TRIAL_MS;
    const curiousMs = Math.max(this.#busySinceMs!, this.#lastTrialMs) + CURIOUS_MS;
    if (!hasReason) return Math.max(this.#nextTrialMs, curiousMs);
    // What just began to fail, or just came up, need not wait for as long as those that have lost.
    const carried = this.goodputBps.get(other) ?? Infinity;
    const isHope = this.#isDegraded && carried > this.goodputBps.get(this.#current!)!;
    const isNews = isHope || !this.#triedMs.has(other);
    const soonestMs = isNews ? this.#lastTrialMs + MIN_SPACING_MS : this.#nextTrialMs;
    return Math.max(firstMs, soonestMs);
  }

  #leastRecentlyTried(paths: readonly PathView[]): PathKind | undefined {
    const triedMs = (kind: PathKind) => this.#triedMs.get(kind) ?? -Infinity;
    return paths.reduce<PathKind | undefined>(
      (best, { kind }) => best === undefined || triedMs(kind) < triedMs(best) ? kind : best,
      undefined,
    );
  }

  #judge(nowMs: number, { paths, ackedBytes }: ChoiceInput, trial: Trial): void {
    const ranMs = nowMs - trial.startMs;
    if (ranMs < SETTLE_MS) return;
    if (trial.ackedBytes === undefined) {
      trial.ackedBytes = ackedBytes;
      trial.startMs = nowMs - SETTLE_MS;
      return;
    }
    const measuredMs = ranMs - SETTLE_MS;
    if (measuredMs < MEASURE_MS) return;
    const bps = (ackedBytes - trial.ackedBytes) * 8000 / measuredMs;
    const before = this.goodputBps.get(trial.from) ?? 0;
    this.goodputBps.set(this.#current!, bps);
    const now = paths.find(({ kind }) => kind === this.#current)!;
    const then = paths.find(({ kind }) => kind === trial.from)!;
    const isAsGood = BETTER_BY * bps > before && isFaster(now, then);
    const isBetter = bps > BETTER_BY * before || isAsGood;
    if (isBetter) this.#spacingMs = Math.max(this.#spacingMs, WON_SPACING_MS);
    this.#nextTrialMs = nowMs + this.#spacingMs;
    this.#spacingMs = Math.min(2 * this.#spacingMs, MAX_SPACING_MS);
    if (!isBetter) this.#current = trial.from;
    this.#trial = undefined;
    this.#lastTrialMs = this.#windowMs = nowMs;
    this.#windowAcked = ackedBytes;
    this.#referenceBps = isBetter ? bps : before;
    this.#lowWindows = 0;
  }
}

function has(paths: readonly PathView[], kind: PathKind): boolean {
  return paths.some((path) => path.kind === kind);
}
