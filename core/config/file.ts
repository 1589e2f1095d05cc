import { type Document, isAlias, isCollection, isScalar, LineCounter, parseDocument } from "yaml";
import { writeFileAtomic, type WriteFileOptions } from "./atomic.ts";
import { ConfigError, fileFault } from "./error.ts";
import { ConfigNode } from "./node.ts";

/** Largest file read, in bytes: far above any real one, far below what would hurt. */
const MAX_FILE_BYTES = 16 * 1024 * 1024;

/** Place of a value, from the top of the file: keys of maps and positions in lists. */
export type ConfigPath = readonly (string | number)[];

/**
 * A YAML file that operators edit. What a program changes in it is changed in place: comments,
 * order and keys the program does not know stay as they were.
 */
export class ConfigFile {
  /** Path the file was read from and is saved to. */
  readonly path: string;
  readonly #document: Document;
  readonly #lines: LineCounter;

  private constructor(path: string, document: Document, lines: LineCounter) {
    this.path = path;
    this.#document = document;
    this.#lines = lines;
  }

  /**
   * Takes text as the content of the file at `path`, which is not touched.
   *
   * @throws {ConfigError} code `malformed`, with line and column
   */
  static parse(path: string, text: string): ConfigFile {
    const lines = new LineCounter();
    const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
    const error = document.errors[0];
    if (error !== undefined) {
      const { line, col } = lines.linePos(error.pos[0]);
      const why = error.message.split("\n")[0]!;
      const message = `Cannot parse ${path}: line ${line}, column ${col}: ${why}`;
      throw new ConfigError(message, { code: "malformed", path, cause: error });
    }
    return new ConfigFile(path, document, lines);
  }

  /** Reads and parses a file. @throws {ConfigError} code `absent`, `unreadable` or `malformed` */
  static async read(path: string): Promise<ConfigFile> {
    return ConfigFile.parse(path, await readText(path));
  }

  /**
   * Reads a file that need not be there: a missing one counts as empty.
   *
   * @throws {ConfigError} code `unreadable` or `malformed`
   */
  static async readIfPresent(path: string): Promise<ConfigFile> {
    try {
      return await ConfigFile.read(path);
    } catch (error) {
      if (!(error instanceof ConfigError) || error.code !== "absent") throw error;
      return ConfigFile.parse(path, "");
    }
  }

  /** The whole content, to be read. Later edits show in it and in nodes asked for afterwards. */
  get root(): ConfigNode {
    const source = { path: this.path, document: this.#document, lines: this.#lines };
    return new ConfigNode(source, "", this.#document.contents);
  }

  /**
   * Puts a plain value (text, number, boolean, list, map) at a place; missing maps on the way are
   * made. A comment beside a replaced scalar stays.
   *
   * @throws {ConfigError} code `invalid`, if a scalar other than null is in the way
   */
  set(place: ConfigPath, value: unknown): void {
    for (let depth = 0; depth < place.length; depth++) this.#openUp(place.slice(0, depth));
    const old = this.#document.getIn(place, true);
    if (isScalar(old) && (value === null || typeof value !== "object")) {
      old.value = value;
      delete old.source;
    } else {
      this.#document.setIn(place, this.#document.createNode(value));
    }
  }

  /**
   * Removes the value at a place; false if there is none. What an alias on the way stands for is
   * left as it is elsewhere.
   *
   * @throws {ConfigError} code `invalid`, if a scalar other than null is in the way
   */
  delete(place: ConfigPath): boolean {
    for (let depth = 0; depth < place.length; depth++) {
      const above = this.#document.getIn(place.slice(0, depth), true);
      if (above === undefined || above === null) return false;
      this.#openUp(place.slice(0, depth));
    }
    return this.#document.deleteIn(place);
  }

  /** Makes what is at `place` a collection of its own, which can be changed. */
  #openUp(place: ConfigPath): void {
    const document = this.#document;
    const node = document.getIn(place, true);
    if (isCollection(node)) return;
    if (isAlias(node)) {
      // Changing what an alias stands for would change it everywhere else too.
      const copy = node.resolve(document)?.clone();
      if (isCollection(copy)) {
        delete copy.anchor;
        return document.setIn(place, copy);
      }
    }
    if (node !== undefined && node !== null && !(isScalar(node) && node.value === null)) {
      const at = place.join(".");
      throw new ConfigError(`Cannot change ${this.path}: ${at}: expected a map`, {
        code: "invalid",
        path: this.path,
      });
    }
    const empty = document.createNode({});
    if (place.length === 0) document.contents = empty as typeof document.contents;
    else document.setIn(place, empty);
  }

  /** The content as YAML text. */
  text(): string {
    return this.#document.contents === null ? "" : this.#document.toString({ lineWidth: 0 });
  }

  /** Replaces the file atomically. @throws {ConfigError} code `unwritable` */
  save(options?: WriteFileOptions): Promise<void> {
    return writeFileAtomic(this.path, this.text(), options);
  }
}

async function readText(path: string): Promise<string> {
  try {
    const { size } = await Deno.stat(path);
    if (size > MAX_FILE_BYTES) throw new Error(`${size} bytes, at most ${MAX_FILE_BYTES}`);
    return new TextDecoder("utf-8", { fatal: true }).decode(await Deno.readFile(path));
  } catch (cause) {
    const code = cause instanceof Deno.errors.NotFound ? "absent" : "unreadable";
    const why = cause instanceof TypeError ? "it is not UTF-8 text" : fileFault(cause);
    throw new ConfigError(`Cannot read ${path}: ${why}`, { code, path, cause });
  }
}
