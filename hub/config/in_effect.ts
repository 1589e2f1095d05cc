import { type Clock, sleep } from "../../core/clock/mod.ts";
import { openBeside } from "../../core/config/mod.ts";
import { versionOnDisk } from "./disk_version.ts";

/** Of the file by which a running hub is known. */
const SUFFIX = ".run";

/** How long a change may take to reach a running hub: many looks at the file, as it may be busy. */
const LONGEST_WAIT_MS = 10_000;

/** Between two looks at what the hub says. */
const RETRY_MS = 20;

/** Longest version that is read. */
const MAX_VERSION_BYTES = 256;

/**
 * What a running hub lets others know: that it runs, by a lock that ends with the process, and which
 * version of its configuration is in effect.
 */
export class InEffect implements Disposable {
  readonly #file: Deno.FsFile;

  private constructor(file: Deno.FsFile) {
    this.#file = file;
  }

  /**
   * Takes the lock; undefined if another hub runs with this configuration.
   *
   * @param path of the configuration
   * @throws what `Deno.open` throws
   */
  static async hold(path: string): Promise<InEffect | undefined> {
    const file = await openBeside(path, SUFFIX);
    if (await file.tryLock(true)) return new InEffect(file);
    file.close();
    return undefined;
  }

  /** Lets others know a version, which is shown nowhere else. */
  async tell(version: string): Promise<void> {
    await this.#file.truncate(0);
    await this.#file.seek(0, Deno.SeekMode.Start);
    await this.#file.write(new TextEncoder().encode(version.slice(0, MAX_VERSION_BYTES)));
  }

  /** Gives the lock up. */
  [Symbol.dispose](): void {
    this.#file.close();
  }
}

/** What came of waiting for a hub. */
export type Arrival = "in effect" | "no hub" | "late";

async function toldBy(file: Deno.FsFile): Promise<string> {
  const buffer = new Uint8Array(MAX_VERSION_BYTES);
  await file.seek(0, Deno.SeekMode.Start);
  const length = await file.read(buffer);
  return new TextDecoder().decode(buffer.subarray(0, length ?? 0));
}

/**
 * Waits until the hub that runs with a configuration, if any does, goes by what is on disk.
 *
 * @throws what `Deno.open` throws
 */
export async function untilInEffect(
  path: string,
  { clock }: { readonly clock: Clock },
): Promise<Arrival> {
  using file = await openBeside(path, SUFFIX);
  const giveUpMs = clock.nowMs() + LONGEST_WAIT_MS;
  for (;;) {
    if (await file.tryLock(true)) return "no hub";
    // On Windows, what is locked cannot be read either: the hub has it within a second there too.
    if (Deno.build.os === "windows") return "late";
    if (await toldBy(file) === (await versionOnDisk(path))?.text) return "in effect";
    if (clock.nowMs() >= giveUpMs) return "late";
    await sleep(clock, RETRY_MS);
  }
}
