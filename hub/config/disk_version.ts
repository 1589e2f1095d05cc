import { sleep, systemClock } from "../../core/clock/mod.ts";
import { ConfigError, fileFault } from "../../core/config/mod.ts";

/** Since when a file that is written in place must be untouched to be taken for finished. */
const SETTLED_MS = 200;

/** Longest wait for that: whoever writes all the time is read in between. */
const LONGEST_WAIT_MS = 1000;

/** What tells one version of a file from another. */
export interface DiskVersion {
  /** Changes with the content. */
  readonly text: string;
  /** Changes when the file is replaced, and not when it is written in place. */
  readonly inode: number | null;
  /** When it was written, in milliseconds since 1970. */
  readonly writtenMs: number;
}

/** The version of a file that is on disk; undefined if there is none. @throws ConfigError */
export async function versionOnDisk(path: string): Promise<DiskVersion | undefined> {
  try {
    const { ino, mtime, size } = await Deno.stat(path);
    const writtenMs = mtime?.getTime() ?? 0;
    return { text: `${ino} ${writtenMs} ${size}`, inode: ino, writtenMs };
  } catch (cause) {
    // A path through something that is no folder is reported by whoever reads or writes it.
    if (cause instanceof Deno.errors.NotFound) return undefined;
    const message = `Cannot read ${path}: ${fileFault(cause)}`;
    throw new ConfigError(message, { code: "unreadable", path, cause });
  }
}

/**
 * As {@linkcode versionOnDisk}, once it is finished: a replaced file always is, one that an editor
 * writes in place when nobody has written for a while.
 */
export async function settledVersion(
  path: string,
  known: DiskVersion | undefined,
): Promise<DiskVersion | undefined> {
  for (let waitedMs = 0;; waitedMs += SETTLED_MS) {
    const version = await versionOnDisk(path);
    const isKnown = version === undefined || version.text === known?.text;
    const isReplaced = known !== undefined && version?.inode !== known.inode;
    if (isKnown || isReplaced || waitedMs >= LONGEST_WAIT_MS) return version;
    // A time stamp of the future says nothing; such a file is taken after one wait.
    const ageMs = Date.now() - version.writtenMs;
    if (ageMs >= SETTLED_MS || (ageMs < 0 && waitedMs > 0)) return version;
    await sleep(systemClock, SETTLED_MS);
  }
}
