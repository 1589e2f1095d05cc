/** A timer that has been set. */
export interface Timer {
  /** Prevents the callback if it has not run yet; harmless otherwise. */
  cancel(): void;
}

/** Where an I/O shell gets the time from. Protocol cores are given the time with each call. */
export interface Clock {
  /** Monotonic milliseconds since an arbitrary origin, with a fraction; for timers. */
  nowMs(): number;
  /** Milliseconds since 1970-01-01 UTC, which may jump; for timestamps and logs only. */
  wallMs(): number;
  /** Runs `callback` once, `delayMs` (at least 0) from now. */
  setTimer(callback: () => void, delayMs: number): Timer;
}

/** `setTimeout` fires at once for a delay of 2^31 ms or more. */
const MAX_DELAY_MS = 2 ** 31 - 1;

/** The clock of the machine. */
export const systemClock: Clock = {
  nowMs: () => performance.now(),
  wallMs: () => Date.now(),
  setTimer(callback, delayMs) {
    const id = setTimeout(callback, Math.min(Math.max(delayMs, 0), MAX_DELAY_MS));
    return { cancel: () => clearTimeout(id) };
  },
};

/** Fills `out` from the cryptographic random source of the platform; at most 65,536 bytes. */
export function systemRandom(out: Uint8Array<ArrayBuffer>): void {
  crypto.getRandomValues(out);
}

/** Resolves after `delayMs`, or rejects with the signal's reason as soon as it is aborted. */
export function sleep(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const onAbort = () => {
      timer.cancel();
      reject(signal?.reason);
    };
    const timer = clock.setTimer(() => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    }, delayMs);
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}
