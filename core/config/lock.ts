import { dirname } from "node:path";
import { type Clock, sleep, systemClock } from "../clock/mod.ts";
import { statIfPresent, takeOver, targetOf } from "./atomic.ts";
import { ConfigError, fileFault } from "./error.ts";

/** Longest wait for somebody else's change: a hundred times what writing a large file takes. */
const LONGEST_WAIT_MS = 5000;

/** Between two tries. */
const RETRY_MS = 10;

/** Whoever can open a lock's file can keep others from changing anything. */
const MODE = 0o600;

/**
 * Opens a file beside another, which has its name and a suffix, and makes it if it is missing: for
 * its owner alone, who is that of the other.
 *
 * @throws what `Deno.open` throws
 */
export async function openBeside(file: string, suffix: string): Promise<Deno.FsFile> {
  const target = await targetOf(file);
  const path = target + suffix;
  await Deno.mkdir(dirname(target), { recursive: true, mode: 0o700 });
  try {
    const made = await Deno.open(path, { read: true, write: true, createNew: true, mode: MODE });
    await takeOver(path, await statIfPresent(target, Deno.stat), MODE);
    return made;
  } catch (cause) {
    if (!(cause instanceof Deno.errors.AlreadyExists)) throw cause;
    return await Deno.open(path, { read: true, write: true });
  }
}

/**
 * Keeps other programs that ask for the same lock from changing a file, until the result is disposed
 * of or this process ends, in whatever way. The lock is on a file beside it, `NAME.lock`, which is
 * empty and stays, as the file itself is another one after each change.
 *
 * @throws {ConfigError} code `unwritable`, also if another program holds it for 5 s
 */
export async function lockFile(
  path: string,
  { clock = systemClock }: { clock?: Clock } = {},
): Promise<Disposable> {
  const fail = (why: string, cause?: unknown) =>
    new ConfigError(`Cannot write ${path}: ${why}`, { code: "unwritable", path, cause });
  let file: Deno.FsFile;
  try {
    file = await openBeside(path, ".lock");
  } catch (cause) {
    throw fail(fileFault(cause), cause);
  }
  const giveUpMs = clock.nowMs() + LONGEST_WAIT_MS;
  try {
    while (!await file.tryLock(true)) {
      if (clock.nowMs() >= giveUpMs) {
        throw fail("another program has kept it locked for 5 s; see which one and try again");
      }
      await sleep(clock, RETRY_MS);
    }
  } catch (error) {
    file.close();
    throw error;
  }
  return file;
}
