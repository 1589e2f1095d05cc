import { ConfigError, type Host, joinPath, systemDir, userDir } from "../config/mod.ts";
import { type Credential, CredentialFile } from "./store.ts";

const FILE_NAME = "credentials.yaml";

/** Path of a user's store. @throws {ConfigError} if the environment does not tell it */
export function userCredentialsPath(host: Host): string {
  return joinPath(host, [userDir(host), FILE_NAME]);
}

/** Path of the machine's store. */
export function systemCredentialsPath(host: Host): string {
  return joinPath(host, [systemDir(host), FILE_NAME]);
}

/** Paths of the two stores searched by {@linkcode Credentials}. */
export interface CredentialsPaths {
  /** The user's store, searched first. */
  user: string;
  /** The machine's store. */
  system: string;
}

/** What the user's store and then the machine's know about hubs. */
export class Credentials {
  /** Stores left out because this user may not read them, as lines for a log. */
  readonly warnings: readonly string[];
  readonly #stores: readonly CredentialFile[];

  private constructor(stores: readonly CredentialFile[], warnings: readonly string[]) {
    this.#stores = stores;
    this.warnings = warnings;
  }

  /**
   * Reads both stores of a host, or those at the paths given. The machine's store is for
   * administrators: where this user may not read it, it is left out with a warning.
   *
   * @throws {ConfigError} if the user's store cannot be read, or either is malformed
   */
  static async read(from: Host | CredentialsPaths): Promise<Credentials> {
    const paths = "user" in from
      ? from
      : { user: userCredentialsPath(from), system: systemCredentialsPath(from) };
    const stores = [await CredentialFile.open(paths.user)];
    try {
      stores.push(await CredentialFile.open(paths.system));
    } catch (error) {
      if (!(error instanceof ConfigError) || error.code !== "unreadable") throw error;
      return new Credentials(stores, [error.message]);
    }
    return new Credentials(stores, []);
  }

  /**
   * Token and identity come from the first store with a token for the hub, the pin from the first
   * store with a pin: an entry with an empty token does not hide the machine's.
   *
   * Spec: agent.md 1.4, client.md 4.1. Deviation: the reference stops at the first entry.
   */
  find(hubUrl: string): Credential | undefined {
    const entries = this.#stores.map((store) => store.get(hubUrl)).filter((e) => e !== undefined);
    const pin = entries.find((entry) => entry.pin !== undefined && entry.pin !== "")?.pin;
    const chosen = entries.find((entry) => entry.token !== "") ?? entries[0];
    if (chosen === undefined) return undefined;
    return { ...chosen, ...(pin === undefined ? {} : { pin }) };
  }
}
