import { isDeepStrictEqual } from "node:util";
import { ConfigError, ConfigFile, type ConfigPath } from "../../core/config/mod.ts";
import type { AuthConfig, HubConfig } from "./model.ts";
import { type PortalEntry, readPortals, writePortal } from "./portals.ts";
import { bareToken, readConfig } from "./read.ts";
import { writeAuth } from "./write_auth.ts";

const HEADER = `# Configuration of a Tela hub (telahubd).
# Contains tokens: keep this file readable by the hub alone.

`;

/** The changes that can be made to a configuration file. */
export interface ConfigEditor {
  /** Sets the value at a place, making the maps on the way. */
  set(place: ConfigPath, value: unknown): void;
  /** Appends to the list at a place, making it and the maps on the way. */
  add(place: ConfigPath, item: unknown): void;
  /** Removes the value at a place, if there is one. */
  delete(place: ConfigPath): void;
}

/**
 * `telahubd.yaml` and what it says. Edits are visible at once; saving is separate.
 *
 * Spec: hub-api.md 5.2. Deviation: comments and unknown keys survive, and the file is replaced as a
 * whole; the reference loses them and writes in place.
 */
export class HubConfigFile {
  #file: ConfigFile;
  #exists: boolean;
  #config: HubConfig;
  #portals: ReadonlyMap<string, PortalEntry>;
  #lastWrite: Promise<void> = Promise.resolve();

  private constructor(file: ConfigFile, exists: boolean) {
    this.#file = file;
    this.#exists = exists;
    this.#config = readConfig(file.root);
    this.#portals = readPortals(file.root);
  }

  /**
   * Opens a file; one that does not exist counts as empty.
   *
   * @throws ConfigError if it cannot be read, is not YAML or has values of a wrong type
   */
  static async open(path: string): Promise<HubConfigFile> {
    try {
      return new HubConfigFile(await ConfigFile.read(path), true);
    } catch (error) {
      if (!(error instanceof ConfigError) || error.code !== "absent") throw error;
      return new HubConfigFile(ConfigFile.parse(path, HEADER), false);
    }
  }

  /** Where the file is, or will be once saved. */
  get path(): string {
    return this.#file.path;
  }

  /** True if the file is on disk. */
  get exists(): boolean {
    return this.#exists;
  }

  /** What the file says, with the edits made so far; a new object after each edit. */
  get config(): HubConfig {
    return this.#config;
  }

  /** The portals that list this hub, by name. */
  get portals(): ReadonlyMap<string, PortalEntry> {
    return this.#portals;
  }

  /** Changes the file in memory and reads it anew. */
  edit(change: (editor: ConfigEditor) => void): void {
    change(editorOf(this.#file));
    this.#config = readConfig(this.#file.root);
    this.#portals = readPortals(this.#file.root);
  }

  /**
   * Changes the file in memory and on disk, or neither. Commits and saves that overlap happen one
   * after the other; until it is on disk, {@linkcode HubConfigFile.config} is as it was.
   *
   * @throws ConfigError if it cannot be written, or the result could not be read
   */
  commit(change: (editor: ConfigEditor) => void): Promise<void> {
    return this.#inTurn(async () => {
      const before = this.#file.text();
      try {
        writeGrantsAsObjects(this.#file);
        change(editorOf(this.#file));
        const config = readConfig(this.#file.root);
        const portals = readPortals(this.#file.root);
        await this.#file.save();
        this.#config = config;
        this.#portals = portals;
        this.#exists = true;
      } catch (error) {
        this.#file = ConfigFile.parse(this.path, before);
        throw error;
      }
    });
  }

  /**
   * As {@linkcode HubConfigFile.commit}, for the access part.
   *
   * @param steps what that part becomes, one change after the other, beginning with what it is
   * @throws ConfigError also if the file is written in a way that cannot be changed by entries
   */
  commitAuth(steps: readonly AuthConfig[]): Promise<void> {
    return this.commit((editor) => {
      for (let i = 1; i < steps.length; i++) {
        writeAuth(editor, { before: steps[i - 1]!, after: steps[i]! });
      }
      const { auth } = readConfig(this.#file.root);
      if (isDeepStrictEqual(auth, steps.at(-1))) return;
      const message = `Cannot change ${this.path}: the entries of auth cannot be told apart; ` +
        "write them without << merges and repeated keys";
      throw new ConfigError(message, { code: "invalid", path: this.path });
    });
  }

  /** As {@linkcode HubConfigFile.commit}, for one portal; undefined removes it. @throws ConfigError */
  commitPortal(name: string, entry: PortalEntry | undefined): Promise<void> {
    return this.commit((editor) => writePortal(editor, { name, entry }));
  }

  /**
   * Writes the file to disk; saves that overlap happen one after the other.
   *
   * @throws ConfigError if it cannot be written; it is then as it was
   */
  save(): Promise<void> {
    return this.#inTurn(async () => {
      writeGrantsAsObjects(this.#file);
      await this.#file.save();
      this.#exists = true;
    });
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.#lastWrite.then(work);
    this.#lastWrite = done.catch(() => undefined); // the caller of that write has been told
    return done;
  }
}

function editorOf(file: ConfigFile): ConfigEditor {
  return {
    set: (place, value) => file.set(place, value),
    add(place, item) {
      const { length } = listAt(file, place);
      if (length === 0) file.set(place, [item]);
      else file.set([...place, length], item);
    },
    delete: (place) => void file.delete(place),
  };
}

function listAt(file: ConfigFile, place: ConfigPath): unknown[] {
  return place.reduce((node, key) => node.get(String(key)), file.root).list();
}

/** Spec: hub-api.md D23: bare tokens are accepted when reading and never written. */
function writeGrantsAsObjects(file: ConfigFile): void {
  for (const [machine, acl] of file.root.get("auth").get("machines").entries()) {
    acl.get("connectTokens").list().forEach((grant, i) => {
      const token = bareToken(grant);
      if (token !== undefined) {
        file.set(["auth", "machines", machine, "connectTokens", i], { token });
      }
    });
  }
}
