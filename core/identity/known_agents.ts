import { dirname } from "node:path";
import { ConfigError, fileFault, writeFileAtomic } from "../config/mod.ts";
import { isFingerprint } from "./fingerprint.ts";

/** Room for ten thousand agents; more is not this file. */
const MAX_FILE_BYTES = 4 * 1024 * 1024;

/** First line of a new file. */
const HEADING =
  "# hub, machine and identity of each agent that was reached: see tela help connect\n";

/** Whose identity is meant. */
export interface AgentName {
  /** The hub, in the one form that all spellings of its address share. */
  hub: string;
  /** Name of the machine at the hub. */
  machine: string;
}

/** A pin, and where it is. */
export interface Pin {
  /** `SHA256:…` */
  readonly fingerprint: string;
  /** Number of its line in the file, from 1. */
  readonly line: number;
}

/** One line of the file; names cannot hold spaces then. */
function lineOf({ hub, machine }: AgentName, fingerprint: string): string {
  return `${encodeURI(hub)} ${encodeURIComponent(machine)} ${fingerprint}`;
}

/**
 * The pin of an agent in the text of a file. One that is damaged counts: no identity matches it, where
 * to pass over it would be to trust whoever comes next.
 */
function findPin(text: string, name: AgentName): Pin | undefined {
  const start = lineOf(name, "");
  for (const [index, line] of text.split("\n").entries()) {
    if (!line.startsWith(start)) continue;
    return { fingerprint: line.slice(start.length).trim(), line: index + 1 };
  }
  return undefined;
}

/** The text with the agent's pin replaced or added; comments and other lines stay. */
function withPin(text: string, name: AgentName, fingerprint: string): string {
  const start = lineOf(name, "");
  const lines = text === "" ? [] : text.replace(/\n$/, "").split("\n");
  const kept = lines.filter((line) => !line.startsWith(start));
  if (kept.length === 0) kept.push(HEADING.trimEnd());
  return `${[...kept, lineOf(name, fingerprint)].join("\n")}\n`;
}

/**
 * The identities of the agents that this user has reached: a text file with one line for each, as
 * `wss://hub.example barn SHA256:…`, which people may edit.
 */
export class KnownAgents {
  /** Path of the file. */
  readonly path: string;

  /** Touches nothing yet. */
  constructor(path: string) {
    this.path = path;
  }

  /** What is known of an agent. @throws {ConfigError} code `unreadable` */
  async find(name: AgentName): Promise<Pin | undefined> {
    return findPin(await this.#read(), name);
  }

  /**
   * Keeps the identity of an agent unless there is one already; gives the one that is kept.
   *
   * @throws {ConfigError} code `unreadable` or `unwritable`
   */
  async add(name: AgentName, fingerprint: string): Promise<string> {
    return await this.#update((text) => {
      const pin = findPin(text, name);
      if (pin !== undefined) return { text, result: pin.fingerprint };
      return { text: withPin(text, name, fingerprint), result: fingerprint };
    });
  }

  /**
   * Keeps the identity of an agent in place of whatever was known: a person, or a pairing code, has
   * told it.
   *
   * @throws {RangeError} if it is no fingerprint
   * @throws {ConfigError} code `unreadable` or `unwritable`
   */
  async set(name: AgentName, fingerprint: string): Promise<void> {
    if (!isFingerprint(fingerprint)) {
      throw new RangeError(`Cannot pin "${fingerprint}": must be SHA256: and 43 digits of base64`);
    }
    await this.#update((text) => ({ text: withPin(text, name, fingerprint), result: undefined }));
  }

  async #read(): Promise<string> {
    try {
      const { size } = await Deno.stat(this.path);
      if (size > MAX_FILE_BYTES) throw new Error(`${size} bytes, at most ${MAX_FILE_BYTES}`);
      return await Deno.readTextFile(this.path);
    } catch (cause) {
      if (cause instanceof Deno.errors.NotFound) return "";
      const message = `Cannot read ${this.path}: ${fileFault(cause)}`;
      throw new ConfigError(message, { code: "unreadable", path: this.path, cause });
    }
  }

  /** Changes the file while no other client can: each would undo what the other has added. */
  async #update<T>(change: (text: string) => { text: string; result: T }): Promise<T> {
    using _lock = await this.#lock();
    const before = await this.#read();
    const { text, result } = change(before);
    if (text !== before) await writeFileAtomic(this.path, text, { mode: 0o600 });
    return result;
  }

  async #lock(): Promise<Deno.FsFile> {
    const path = `${this.path}.lock`;
    try {
      await Deno.mkdir(dirname(path), { recursive: true, mode: 0o700 });
      const file = await Deno.open(path, { write: true, create: true, mode: 0o600 });
      // The system lets go of it when the file is closed, and when this process dies.
      await file.lock(true);
      return file;
    } catch (cause) {
      const message = `Cannot write ${path}: ${fileFault(cause)}`;
      throw new ConfigError(message, { code: "unwritable", path, cause });
    }
  }
}
