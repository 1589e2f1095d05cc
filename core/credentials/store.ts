import { ConfigFile, type ConfigNode } from "../config/mod.ts";

/** What a user keeps about one hub. */
export interface Credential {
  /** Secret that opens the hub; may be empty, when only a pin is kept. */
  token: string;
  /** Name the hub knows the token by. */
  identity?: string;
  /** Pinned certificate, `sha256:` and 64 hexadecimal digits. */
  pin?: string;
}

const FIELDS = ["token", "identity", "pin"] as const;

/**
 * The form of a hub's URL under which its credential is kept: trailing slashes off, scheme in lower
 * case. Host, path and kind of scheme stay, so `wss://Hub` and `wss://hub` differ.
 *
 * Spec: client.md 4.1.
 */
export function credentialKey(hubUrl: string): string {
  const trimmed = hubUrl.replace(/\/+$/, "");
  const scheme = /^[^:/]*:\/\//.exec(trimmed)?.[0] ?? "";
  return scheme.toLowerCase() + trimmed.slice(scheme.length);
}

/** One `credentials.yaml`. Keys of the file that are unknown here survive every change. */
export class CredentialFile {
  readonly #file: ConfigFile;

  private constructor(file: ConfigFile) {
    this.#file = file;
  }

  /**
   * Reads a store; one that does not exist is empty.
   *
   * @throws {ConfigError} if the file cannot be read, or is malformed
   */
  static async open(path: string): Promise<CredentialFile> {
    const store = new CredentialFile(await ConfigFile.readIfPresent(path));
    for (const [, entry] of store.#entries()) readEntry(entry);
    return store;
  }

  /** Path of the file. */
  get path(): string {
    return this.#file.path;
  }

  /** What is kept about a hub. */
  get(hubUrl: string): Credential | undefined {
    const found = this.#find(hubUrl);
    return found === undefined ? undefined : readEntry(found[1]);
  }

  /** The hubs something is kept about, as keys of the file, in file order. */
  hubs(): string[] {
    return this.#entries().map(([key]) => key);
  }

  /** Keeps `credential` for a hub. A field left out is removed. */
  set(hubUrl: string, credential: Credential): void {
    const key = this.#find(hubUrl)?.[0] ?? credentialKey(hubUrl);
    for (const field of FIELDS) {
      const value = credential[field];
      if (value !== undefined) this.#file.set(["hubs", key, field], value);
      else this.#file.delete(["hubs", key, field]);
    }
  }

  /** Forgets a hub, all fields. False if nothing was kept about it. */
  remove(hubUrl: string): boolean {
    const key = credentialKey(hubUrl);
    const spellings = this.hubs().filter((stored) => credentialKey(stored) === key);
    return spellings.filter((stored) => this.#file.delete(["hubs", stored])).length > 0;
  }

  /** Writes the file, 0600 in a directory of 0700. @throws {ConfigError} code `unwritable` */
  save(): Promise<void> {
    return this.#file.save({ mode: 0o600, privateDir: true });
  }

  #entries(): [key: string, entry: ConfigNode][] {
    return this.#file.root.get("hubs").entries();
  }

  #find(hubUrl: string): [key: string, entry: ConfigNode] | undefined {
    const key = credentialKey(hubUrl);
    return this.#entries().find(([stored]) => credentialKey(stored) === key);
  }
}

/** @throws {ConfigError} if the entry is not a map of texts */
function readEntry(entry: ConfigNode): Credential {
  const identity = entry.get("identity").string();
  const pin = entry.get("pin").string();
  return {
    token: entry.get("token").string() ?? "",
    ...(identity === undefined ? {} : { identity }),
    ...(pin === undefined ? {} : { pin }),
  };
}
