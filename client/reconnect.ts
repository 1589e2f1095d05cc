import type { Random } from "../core/bytes/mod.ts";
import { backoffDelayMs, type Clock, sleep } from "../core/clock/mod.ts";

/** A session that is up. */
export interface LiveSession {
  /** Resolves with the reason when it has ended; never rejects. */
  readonly closed: Promise<string>;
  /** Ends it. */
  close(): void;
}

/** Options of {@linkcode keepConnected}. */
export interface ReconnectOptions {
  /** Brings a session up; rejects if that fails, or with the signal's reason. */
  open: (signal: AbortSignal) => Promise<LiveSession>;
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

/**
 * Keeps a session up until the signal is aborted: brings it up, waits for its end, waits, and so on.
 * The waits grow with each failure and start over after a session that was up.
 *
 * Deviation: the reference also starts over when a session was lost before it was up, and then
 * hammers a broken hub.
 *
 * Spec: client.md 2.4, wire.md 3.2
 *
 * @throws what `open` threw, if that is fatal
 */
export async function keepConnected(
  { open, isFatal, clock, random, log, retry = new Retry(), signal }: ReconnectOptions,
): Promise<void> {
  let attempt = 0;
  while (!signal.aborted) {
    let ending: string;
    try {
      const session = await open(signal);
      attempt = 0;
      ending = `Session ended: ${await endOf(session, signal)}`;
    } catch (error) {
      if (signal.aborted) return;
      if (isFatal(error)) throw error;
      ending = messageOf(error);
    }
    if (signal.aborted) return;
    const delayMs = backoffDelayMs({ attempt: attempt++, random });
    log(`${ending}; next attempt in ${Math.round(delayMs / 1000)} s`);
    await retry.wait(clock, { delayMs, signal });
  }
}

/** Why the session ended; an abort ends it. */
async function endOf(session: LiveSession, signal: AbortSignal): Promise<string> {
  const onAbort = () => session.close();
  signal.addEventListener("abort", onAbort, { once: true });
  if (signal.aborted) session.close();
  const reason = await session.closed;
  signal.removeEventListener("abort", onAbort);
  return reason;
}
