import type { Random } from "../../core/bytes/mod.ts";
import type { Clock } from "../../core/clock/mod.ts";
import type { Log } from "../../core/log/mod.ts";
import type { PortalEntry } from "../config/mod.ts";
import { type PortalClient, PortalError, type Registered } from "./portal_client.ts";
import { Retry } from "./retry.ts";

/** Where portals are kept. */
export interface PortalFile {
  /** By name, as on disk. */
  readonly portals: ReadonlyMap<string, PortalEntry>;
  /** Writes an entry, or removes it. @throws ConfigError if it cannot; nothing has changed then */
  commitPortal(name: string, entry: PortalEntry | undefined): Promise<void>;
}

/** Keeps portals as long as the process runs. */
export class MemoryPortalFile implements PortalFile {
  readonly #portals = new Map<string, PortalEntry>();

  /** By name. */
  get portals(): ReadonlyMap<string, PortalEntry> {
    return this.#portals;
  }

  /** Keeps an entry, or forgets it. */
  commitPortal(name: string, entry: PortalEntry | undefined): Promise<void> {
    if (entry === undefined) this.#portals.delete(name);
    else this.#portals.set(name, entry);
    return Promise.resolve();
  }
}

/** A portal to be entered. */
export interface NewPortal {
  /** As `portalUrl` gives it. */
  readonly url: string;
  /** Where clients reach this hub. */
  readonly hubUrl: string;
  /** Credential of whoever enters it, "" for none; a secret, not kept. */
  readonly portalToken: string;
}

/** Options of {@linkcode Portals}. */
export interface PortalsOptions {
  /** Where they are kept. */
  readonly file: PortalFile;
  /** Talks to them. */
  readonly client: PortalClient;
  /** What they are told of this hub, as of now; no name: nothing can be told. */
  readonly hub: () => { readonly hubId: string; readonly name: string };
  /** The token that they may look at this hub with, as of now; a secret. */
  readonly viewerToken: () => string | undefined;
  /** Takes a line for each portal that could not be told. */
  readonly log: Log;
  /** Times further tries. */
  readonly clock: Clock;
  /** Spreads them. */
  readonly random: Random;
}

/** Name under which the portal of the environment is kept. Spec: hub-api.md 8 */
const FIRST_NAME = "default";

/**
 * The directories that list this hub.
 *
 * Spec: hub-api.md 1.5, 8. Deviation: what has failed is tried again, for half an hour.
 */
export class Portals {
  readonly #options: PortalsOptions;
  readonly #syncRetry: Retry;
  readonly #firstRetry: Retry;
  #told: string | undefined;
  #round = 0;

  /** Tells nobody yet. */
  constructor(options: PortalsOptions) {
    this.#options = options;
    this.#told = options.viewerToken();
    this.#syncRetry = new Retry(options);
    this.#firstRetry = new Retry(options);
  }

  /** By name. */
  get all(): ReadonlyMap<string, PortalEntry> {
    return this.#options.file.portals;
  }

  /** Whether this hub has a name to be listed under. */
  get canRegister(): boolean {
    return this.#options.hub().name !== "";
  }

  /**
   * Enters this hub at a portal and keeps that under a name.
   *
   * @throws PortalError if the portal does not do it
   * @throws ConfigError if it cannot be written
   */
  async add(name: string, { url, hubUrl, portalToken }: NewPortal): Promise<Registered> {
    const { file, client, hub, viewerToken } = this.#options;
    const entry = { ...hub(), url: hubUrl, viewerToken: viewerToken() };
    const registered = await client.register(url, { hub: entry, portalToken });
    await file.commitPortal(name, registered.entry);
    return registered;
  }

  /** Enters this hub at the portal that the environment names, unless there is one. Never rejects. */
  async addFirst(portal: NewPortal): Promise<void> {
    if (this.all.size > 0) return;
    const { log } = this.#options;
    try {
      await this.add(FIRST_NAME, portal);
      log(`registered with the portal ${portal.url}`);
    } catch (error) {
      const again = error instanceof PortalError
        ? this.#firstRetry.later(() => this.addFirst(portal))
        : undefined;
      const next = again === undefined ? "not trying again before the next start" : `in ${again} s`;
      log(`cannot register with the portal ${portal.url}: ${(error as Error).message}; ${next}`);
    }
  }

  /**
   * Forgets a portal, which is not told; false if there is none of that name.
   *
   * @throws ConfigError if it cannot be written
   */
  async remove(name: string): Promise<boolean> {
    if (!this.all.has(name)) return false;
    await this.#options.file.commitPortal(name, undefined);
    return true;
  }

  /** Tells all portals the viewer's token, those that cannot be told again later. Never rejects. */
  async sync(): Promise<void> {
    this.#syncRetry.reset();
    await this.#tellAndRetry([...this.all.keys()], ++this.#round);
  }

  /** To be called when identities have changed: tells portals of another viewer's token. */
  changed(): void {
    if (this.#options.viewerToken() !== this.#told) this.sync();
  }

  /** Tries nothing again any more. */
  stop(): void {
    this.#syncRetry.stop();
    this.#firstRetry.stop();
  }

  /** Tells each of some portals the viewer's token, once; gives why some could not be told. */
  async tell(names: readonly string[]): Promise<ReadonlyMap<string, PortalError>> {
    const { client, hub } = this.#options;
    const { name } = hub();
    const viewerToken = this.#options.viewerToken();
    this.#told = viewerToken;
    const failures = new Map<string, PortalError>();
    if (name === "" || viewerToken === undefined) return failures;
    await Promise.all(names.map(async (portal) => {
      const entry = this.all.get(portal);
      if (entry === undefined || entry.syncToken === "") return;
      try {
        await client.sync(entry, { name, viewerToken });
      } catch (error) {
        if (!(error instanceof PortalError)) throw error;
        failures.set(portal, error);
      }
    }));
    return failures;
  }

  async #tellAndRetry(names: readonly string[], round: number): Promise<void> {
    const failures = await this.tell(names);
    // A later round tells all of them.
    if (failures.size === 0 || round !== this.#round) return;
    const again = this.#syncRetry.later(() => this.#tellAndRetry([...failures.keys()], round));
    const next = again === undefined ? "not trying again before the next start" : `in ${again} s`;
    for (const [portal, { message }] of failures) {
      this.#options.log(
        `portal ${JSON.stringify(portal)} not told the viewer's token: ${message}; ${next}`,
      );
    }
  }
}
