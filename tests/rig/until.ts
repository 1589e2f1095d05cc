/** How long a test waits for something that normally takes milliseconds, on a busy machine. */
const PATIENCE_MS = 30_000;

const POLL_MS = 20;

/** Options of {@linkcode until}. */
export interface UntilOptions {
  /** What is waited for, as it should read after "Waited in vain for". */
  what: string;
  /** Milliseconds before giving up. Default 30,000. */
  deadlineMs?: number;
}

/**
 * Asks `probe` every 20 ms until it answers something other than `undefined` or `false`.
 *
 * @throws {Error} when the deadline passes, or whatever `probe` throws.
 */
export async function until<T>(
  probe: () => T | undefined | false | Promise<T | undefined | false>,
  { what, deadlineMs = PATIENCE_MS }: UntilOptions,
): Promise<T> {
  const endMs = performance.now() + deadlineMs;
  for (;;) {
    const answer = await probe();
    if (answer !== undefined && answer !== false) return answer;
    if (performance.now() > endMs) {
      throw new Error(`Waited in vain for ${what}: ${deadlineMs} ms have passed`);
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/**
 * The result of `promise`, unless `deadlineMs` passes first.
 *
 * @throws {Error} when the deadline passes, or whatever `promise` rejects with.
 */
export async function within<T>(
  promise: Promise<T>,
  { what, deadlineMs = PATIENCE_MS }: UntilOptions,
): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`Waited in vain for ${what}: ${deadlineMs} ms have passed`)),
      deadlineMs,
    );
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
