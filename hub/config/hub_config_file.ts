import { isDeepStrictEqual } from "node:util";
import {
  ConfigError,
  ConfigFile,
  type ConfigPath,
  lockFile,
  removeUnfinished,
} from "../../core/config/mod.ts";
import { type DiskVersion, settledVersion, versionOnDisk } from "./disk_version.ts";
import type { AuthConfig, HubConfig, UpdateConfig } from "./model.ts";
import { type PortalEntry, readPortals, writePortal } from "./portals.ts";
import { bareToken, readConfig } from "./read.ts";
import type { UpdateChange } from "./updates.ts";
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

/** What a file says. */
interface Reading {
  readonly file: ConfigFile;
  readonly config: HubConfig;
  readonly portals: ReadonlyMap<string, PortalEntry>;
}

function readingOf(file: ConfigFile): Reading {
  return { file, config: readConfig(file.root), portals: readPortals(file.root) };
}

/** What a change of the file has come to, if it is known better than by reading it again. */
type Written = { readonly auth?: AuthConfig } | "nothing";

/**
 * `telahubd.yaml` and what it says. Edits are visible at once; saving is separate. Commits take the
 * file's lock and begin with what is on disk, so that what other programs and editors have written
 * meanwhile is not lost.
 *
 * Spec: hub-api.md 5.2. Deviation: comments and unknown keys survive, the file is replaced as a whole,
 * and changes by others are taken over; the reference loses them and writes in place.
 */
export class HubConfigFile {
  #reading: Reading;
  #version: DiskVersion | undefined;
  #lastWrite: Promise<void> = Promise.resolve();

  private constructor(file: ConfigFile, version: DiskVersion | undefined) {
    this.#reading = readingOf(file);
    this.#version = version;
  }

  /**
   * Opens a file; one that does not exist counts as empty.
   *
   * @throws ConfigError if it cannot be read, is not YAML or has values of a wrong type
   */
  static async open(path: string): Promise<HubConfigFile> {
    const version = await versionOnDisk(path);
    try {
      return new HubConfigFile(await ConfigFile.read(path), version);
    } catch (error) {
      if (!(error instanceof ConfigError) || error.code !== "absent") throw error;
      return new HubConfigFile(ConfigFile.parse(path, HEADER), undefined);
    }
  }

  /** Where the file is, or will be once saved. */
  get path(): string {
    return this.#reading.file.path;
  }

  /** True if the file is on disk. */
  get exists(): boolean {
    return this.#version !== undefined;
  }

  /** Which version on disk {@linkcode HubConfigFile.config} is; undefined if none. */
  get version(): string | undefined {
    return this.#version?.text;
  }

  /** What the file says, with the edits made so far; a new object after each edit. */
  get config(): HubConfig {
    return this.#reading.config;
  }

  /** The portals that list this hub, by name. */
  get portals(): ReadonlyMap<string, PortalEntry> {
    return this.#reading.portals;
  }

  /** Changes the file in memory and reads it anew. */
  edit(change: (editor: ConfigEditor) => void): void {
    const { file } = this.#reading;
    change(editorOf(file));
    this.#reading = readingOf(file);
  }

  /**
   * Takes over what somebody else has written, if anybody has. A file that has gone is no reason to
   * forget what it said.
   *
   * @throws ConfigError if that cannot be used; what was read before stays then
   */
  refresh(): Promise<void> {
    return this.#inTurn(() => this.#takeOver());
  }

  /**
   * Changes the file in memory and on disk, or neither, after what others have written was taken over.
   * Commits and saves that overlap happen one after the other; until it is on disk,
   * {@linkcode HubConfigFile.config} is as it was.
   *
   * @throws ConfigError if it cannot be written, or what is there or the result could not be read
   */
  commit(change: (editor: ConfigEditor) => void): Promise<void> {
    return this.#commit((editor) => {
      change(editor);
      return {};
    });
  }

  /**
   * As {@linkcode HubConfigFile.commit}, for the access part. That part of
   * {@linkcode HubConfigFile.config} is the last step then, the same object.
   *
   * @param change gives what that part becomes, one change after the other, beginning with what it is
   * @throws ConfigError also if the file is written in a way that cannot be changed by entries
   */
  commitAuth(change: (auth: AuthConfig) => readonly AuthConfig[]): Promise<void> {
    return this.#commit((editor) => {
      const steps = change(this.config.auth);
      if (steps.length < 2) return "nothing";
      for (let i = 1; i < steps.length; i++) {
        writeAuth(editor, { before: steps[i - 1]!, after: steps[i]! });
      }
      const auth = steps.at(-1)!;
      if (isDeepStrictEqual(readConfig(this.#reading.file.root).auth, auth)) return { auth };
      const message = `Cannot change ${this.path}: the entries of auth cannot be told apart; ` +
        "write them without << merges and repeated keys";
      throw new ConfigError(message, { code: "invalid", path: this.path });
    });
  }

  /** As {@linkcode HubConfigFile.commit}, for one portal; undefined removes it. @throws ConfigError */
  commitPortal(name: string, entry: PortalEntry | undefined): Promise<void> {
    return this.commit((editor) => writePortal(editor, { name, entry }));
  }

  /** What the file says of updates. */
  get update(): UpdateConfig {
    return this.config.update;
  }

  /** As {@linkcode HubConfigFile.commit}, for what it says of updates. @throws ConfigError */
  commitUpdate({ channel, source }: UpdateChange): Promise<void> {
    return this.commit((editor) => {
      if (channel !== undefined) editor.set(["update", "channel"], channel);
      if (source === undefined) return;
      const place = ["update", "sources", source.name];
      if (source.base === undefined) editor.delete(place);
      else editor.set(place, source.base);
    });
  }

  /**
   * Writes the edits to disk; saves that overlap happen one after the other.
   *
   * @throws ConfigError if they cannot be written, or somebody else has written meanwhile; the file is
   * then as it was
   */
  save(): Promise<void> {
    return this.#inTurn(async () => {
      using _lock = await lockFile(this.path);
      if ((await versionOnDisk(this.path))?.text !== this.version) {
        const message = `Cannot write ${this.path}: another program has changed it; start again`;
        throw new ConfigError(message, { code: "unwritable", path: this.path });
      }
      const { file } = this.#reading;
      writeGrantsAsObjects(file);
      await file.save();
      this.#version = await versionOnDisk(this.path);
    });
  }

  /**
   * Removes copies of the file, tokens and all, that writes have left whose program was killed.
   *
   * @returns how many there were
   * @throws ConfigError if the file is locked for too long, and what the file system reports
   */
  async removeUnfinished(): Promise<number> {
    if (!this.exists) return 0;
    let removed = 0;
    await this.#inTurn(async () => {
      // Whoever writes holds the lock: no copy is in use now.
      using _lock = await lockFile(this.path);
      removed = await removeUnfinished(this.path);
    });
    return removed;
  }

  #commit(change: (editor: ConfigEditor) => Written): Promise<void> {
    return this.#inTurn(async () => {
      using _lock = await lockFile(this.path);
      await this.#takeOver();
      const before = this.#reading;
      const text = before.file.text();
      try {
        writeGrantsAsObjects(before.file);
        const written = change(editorOf(before.file));
        if (written === "nothing") return;
        const reading = readingOf(before.file);
        await before.file.save();
        this.#reading = { ...reading, config: { ...reading.config, ...written } };
        this.#version = await versionOnDisk(this.path);
      } catch (error) {
        this.#reading = { ...before, file: ConfigFile.parse(this.path, text) };
        throw error;
      }
    });
  }

  async #takeOver(): Promise<void> {
    const version = await settledVersion(this.path, this.#version);
    if (version === undefined || version.text === this.version) return;
    const reading = readingOf(await ConfigFile.read(this.path));
    const had = this.config.auth.tokens.length;
    if (had > 0 && reading.config.auth.tokens.length === 0) {
      // Half of a file that is being written looks like that too, and would open the hub to all.
      const message =
        `Cannot use ${this.path}: it has no tokens left, which would let anybody in; ` +
        "put them back, or restart the hub to have a new owner made";
      throw new ConfigError(message, { code: "invalid", path: this.path });
    }
    const seen = new Set<string>();
    const twice = reading.config.auth.tokens.find(({ id }) => seen.size === seen.add(id).size);
    if (twice !== undefined) {
      // Revoking one of two would leave the other valid.
      const message = `Cannot use ${this.path}: two identities have the id ` +
        `${JSON.stringify(twice.id)}; give one of them another`;
      throw new ConfigError(message, { code: "invalid", path: this.path });
    }
    this.#reading = reading;
    this.#version = version;
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
