import { ConfigError, ConfigFile, type ConfigPath } from "../../core/config/mod.ts";
import type { HubConfig } from "./model.ts";
import { bareToken, readConfig } from "./read.ts";

const HEADER = `# Configuration of a Tela hub (telahubd).
# Contains tokens: keep this file readable by the hub alone.

`;

/** The changes that can be made to a configuration file. */
export interface ConfigEditor {
  /** Sets the value at a place, making the maps on the way. */
  set(place: ConfigPath, value: unknown): void;
  /** Appends to the list at a place, making it and the maps on the way. */
  add(place: ConfigPath, item: unknown): void;
}

/**
 * `telahubd.yaml` and what it says. Edits are visible at once; saving is separate.
 *
 * Spec: hub-api.md 5.2. Deviation: comments and unknown keys survive, and the file is replaced as a
 * whole; the reference loses them and writes in place.
 */
export class HubConfigFile {
  readonly #file: ConfigFile;
  #exists: boolean;
  #config: HubConfig;
  #lastSave: Promise<void> = Promise.resolve();

  private constructor(file: ConfigFile, exists: boolean) {
    this.#file = file;
    this.#exists = exists;
    this.#config = readConfig(file.root);
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

  /** Changes the file in memory and reads it anew. */
  edit(change: (editor: ConfigEditor) => void): void {
    const file = this.#file;
    change({
      set: (place, value) => file.set(place, value),
      add(place, item) {
        const { length } = listAt(file, place);
        if (length === 0) file.set(place, [item]);
        else file.set([...place, length], item);
      },
    });
    this.#config = readConfig(file.root);
  }

  /**
   * Writes the file to disk; saves that overlap happen one after the other.
   *
   * @throws ConfigError if it cannot be written; it is then as it was
   */
  save(): Promise<void> {
    writeGrantsAsObjects(this.#file);
    const save = this.#lastSave.then(async () => {
      await this.#file.save();
      this.#exists = true;
    });
    this.#lastSave = save.catch(() => undefined); // the caller of that save has been told
    return save;
  }
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
