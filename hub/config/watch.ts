import type { Clock, Timer } from "../../core/clock/mod.ts";
import { ConfigError } from "../../core/config/mod.ts";
import { defectText, type Log } from "../../core/log/mod.ts";
import { versionOnDisk } from "./disk_version.ts";

/**
 * Between two looks at the file. Looking costs next to nothing and works on every file system, where
 * being told would come with a flood of events of the databases in the same folder.
 */
const INTERVAL_MS = 200;

/** Options of {@linkcode ConfigWatch}. */
export interface ConfigWatchOptions {
  /** The file. */
  readonly path: string;
  /** Told when there is another version on disk; ours are among them. @throws ConfigError */
  readonly onChange: () => Promise<void>;
  /** Times the looks. */
  readonly clock: Clock;
  /** Takes a line for each version that cannot be used. */
  readonly log: Log;
}

/** Looks whether somebody has changed the configuration. */
export class ConfigWatch {
  readonly #options: ConfigWatchOptions;
  #seen: string | undefined;
  #timer: Timer | undefined;
  #looking: Promise<void> = Promise.resolve();
  #isStopped = false;

  /**
   * Looks from now on.
   *
   * @param seen the version that is in effect
   */
  constructor(options: ConfigWatchOptions, { seen }: { readonly seen: string | undefined }) {
    this.#options = options;
    this.#seen = seen;
    this.#rearm();
  }

  /** Looks no more; resolves when the last look is over. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#timer?.cancel();
    await this.#looking;
  }

  #rearm(): void {
    if (this.#isStopped) return;
    this.#timer = this.#options.clock.setTimer(() => {
      this.#looking = this.#look().finally(() => this.#rearm());
    }, INTERVAL_MS);
  }

  async #look(): Promise<void> {
    const { path, onChange, log } = this.#options;
    try {
      const version = (await versionOnDisk(path))?.text;
      if (version === this.#seen) return;
      this.#seen = version;
      if (version === undefined) log(`warning: ${path} is gone; going on with what it said`);
      else await onChange();
    } catch (error) {
      const why = error instanceof ConfigError ? error.message : defectText(error);
      log(`NOT TAKEN OVER: ${why}; going on with what ${path} said before`);
    }
  }
}
