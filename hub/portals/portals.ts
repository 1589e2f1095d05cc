import type { Log } from "../../core/log/mod.ts";
import type { PortalEntry } from "../config/mod.ts";
import { type PortalClient, PortalError, type Registered } from "./portal_client.ts";

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
}

/** The directories that list this hub. Spec: hub-api.md 1.5, 8 */
export class Portals {
  readonly #options: PortalsOptions;

  /** Tells nobody yet. */
  constructor(options: PortalsOptions) {
    this.#options = options;
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
  async add(name: string, { url, hubUrl, portalToken }: {
    readonly url: string;
    readonly hubUrl: string;
    readonly portalToken: string;
  }): Promise<Registered> {
    const { file, client, hub, viewerToken } = this.#options;
    const entry = { ...hub(), url: hubUrl, viewerToken: viewerToken() };
    const registered = await client.register(url, { hub: entry, portalToken });
    await file.commitPortal(name, registered.entry);
    return registered;
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

  /** Tells all portals the viewer's token; one that cannot be told is logged. Never rejects. */
  async sync(): Promise<void> {
    const { client, hub, log } = this.#options;
    const { name } = hub();
    const viewerToken = this.#options.viewerToken();
    if (name === "" || viewerToken === undefined) return;
    const told = [...this.all].filter(([, { syncToken }]) => syncToken !== "");
    await Promise.all(told.map(async ([portal, entry]) => {
      try {
        await client.sync(entry, { name, viewerToken });
      } catch (error) {
        if (!(error instanceof PortalError)) throw error;
        log(`portal ${JSON.stringify(portal)} not told the viewer's token: ${error.message}`);
      }
    }));
  }
}
