import type { Random } from "../core/bytes/mod.ts";
import { backoffDelayMs, type Clock, resumeDelayMs, sleep } from "../core/clock/mod.ts";

/** A session that is up. */
export interface LiveSession {
  /** Resolves with the reason when its socket is lost, or it has ended; never rejects. */
  readonly lost: Promise<string>;
}

/** A session that is lost within this time is no reason to be back without any delay. */
const SHORT_LIVED_MS = 1_000;

/** Options of {@linkcode keepConnected}. */
export interface ReconnectOptions {
  /** Brings a session up; rejects if that fails, or with the signal's reason. */
  open: (signal: AbortSignal) => Promise<LiveSession>;
  /** Ends the session, if there is one; called once, at the end. */
  close: () => void;
  /** Whether connections wait for the session to be up again: then it is tried without delay. */
  waits: () => boolean;
  /** Whether an error of `open` is an answer of the hub, which so is there. */
  isAnswer: (error: unknown) => boolean;
  /** Whether an error of `open` will not change by itself. */
  isFatal: (error: unknown) => boolean;
  /** Times the waits. */
  clock: Clock;
  /** Spreads them. */
  random: Random;
  /** Receives a line for each change. */
  log: (text: string) => void;
  /** Cuts waits short where the user asks for it. */
  retry?: Retry;
  /** Ends it all. */
  signal: AbortSignal;
}

/** The wait before the next attempt, which can be cut short. */
export class Retry {
  #skipped = new AbortController();

  /** Ends the wait under way, or the next one where none is. */
  now(): void {
    this.#skipped.abort();
  }

  /** Waits; harmlessly ends early when told so or aborted. */
  async wait(clock: Clock, { delayMs, signal }: RetryWait): Promise<void> {
    const ends = AbortSignal.any([this.#skipped.signal, signal]);
    await sleep(clock, delayMs, ends).catch(() => {});
    this.#skipped = new AbortController();
  }
}

/** Options of {@linkcode Retry.wait}. */
export interface RetryWait {
  /** Longest wait, milliseconds. */
  delayMs: number;
  /** Ends it. */
  signal: AbortSignal;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** What became of an attempt. */
interface Ending {
  readonly text: string;
  readonly wasUp: boolean;
  /** How long it was up. */
  readonly lastedMs: number;
  /** Whether the hub itself was there. */
  readonly answered: boolean;
}

/** Brings the session up and waits until it is lost; undefined if it was stopped. */
async function attempt(options: ReconnectOptions): Promise<Ending | undefined> {
  const { open, waits, isAnswer, isFatal, clock, signal } = options;
  try {
    const session = await open(signal);
    const upMs = clock.nowMs();
    const reason = await untilAborted(session.lost, signal);
    if (signal.aborted) return undefined;
    const lastedMs = clock.nowMs() - upMs;
    const what = waits() ? "Connection to the hub dropped" : "Session ended";
    return { text: `${what}: ${reason}`, wasUp: true, lastedMs, answered: true };
  } catch (error) {
    if (signal.aborted) return undefined;
    if (isFatal(error)) throw error;
    return { text: messageOf(error), wasUp: false, lastedMs: 0, answered: isAnswer(error) };
  }
}

/**
 * Keeps a session up until the signal is aborted: brings it up, waits for its end, waits, and so on.
 * The waits grow with each failure and start over after a session that was up. While connections wait
 * they begin with none and stay short, and start over when the hub is there again.
 *
 * Deviation: the reference also starts over when a session was lost before it was up, and then
 * hammers a broken hub.
 *
 * Spec: client.md 2.4, wire.md 3.2
 *
 * @throws what `open` threw, if that is fatal
 */
export async function keepConnected(options: ReconnectOptions): Promise<void> {
  const { close, waits, clock, random, log, retry = new Retry(), signal } = options;
  let failures = 0;
  let answered = true;
  try {
    for (;;) {
      const ending = await attempt(options);
      if (ending === undefined) return;
      if (ending.wasUp) failures = 0;
      if (waits()) {
        const isBack = ending.answered && !answered;
        const isHasty = failures === 0 && ending.lastedMs < SHORT_LIVED_MS;
        if (isBack || isHasty) failures = 1;
      }
      answered = ending.answered;
      const backoff = { attempt: failures++, random };
      const delayMs = waits() ? resumeDelayMs(backoff) : backoffDelayMs(backoff);
      log(`${ending.text}; next attempt ${inSeconds(delayMs)}`);
      await retry.wait(clock, { delayMs, signal });
      if (signal.aborted) return;
    }
  } finally {
    close();
  }
}

function inSeconds(ms: number): string {
  if (ms === 0) return "now";
  return `in ${ms < 1000 ? (ms / 1000).toFixed(1) : Math.round(ms / 1000)} s`;
}

/** The reason why the session was lost, or that it was told to stop. */
async function untilAborted(lost: Promise<string>, signal: AbortSignal): Promise<string> {
  const aborted = Promise.withResolvers<string>();
  const onAbort = () => aborted.resolve("stopped");
  signal.addEventListener("abort", onAbort, { once: true });
  if (signal.aborted) onAbort();
  try {
    return await Promise.race([lost, aborted.promise]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
