import { type Document, isMap, isScalar, isSeq } from "yaml";
import { replaceFile } from "./atomic.ts";
import { type ConfigEditor, editorOf } from "./editor.ts";
import { ConfigError } from "./error.ts";
import type { HubConfig } from "./model.ts";
import { parseYaml, readConfig } from "./read.ts";

const HEADER = ` Configuration of a Tela hub (telahubd).
 Contains tokens: keep this file readable by the hub alone.`;

/**
 * The configuration file and what it says. Edits change the parsed document, so that comments,
 * order and keys unknown to this version survive, and are visible at once; saving is separate.
 *
 * Spec: hub-api.md 5.2. Deviation: the reference loses comments and unknown keys, and writes in
 * place.
 */
export class ConfigFile {
  /** Where the file is, or will be once saved. */
  readonly path: string;
  /** False until the file has been read from disk or saved to it. */
  #exists: boolean;
  readonly #doc: Document;
  #config: HubConfig;
  #lastSave: Promise<void> = Promise.resolve();

  private constructor(path: string, text: string | undefined) {
    const source = parseYaml(text ?? "{}", path);
    this.path = path;
    this.#exists = text !== undefined;
    this.#config = readConfig(source);
    this.#doc = source.doc;
    if (!isMap(this.#doc.contents)) this.#doc.contents = this.#doc.createNode({});
    if (text === undefined) {
      this.#doc.contents = this.#doc.createNode({});
      this.#doc.commentBefore = HEADER;
    }
  }

  /**
   * Opens a file; one that does not exist counts as empty.
   *
   * @throws ConfigError if it cannot be read, is not valid YAML or has values of a wrong type
   */
  static async open(path: string): Promise<ConfigFile> {
    try {
      return new ConfigFile(path, await Deno.readTextFile(path));
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return new ConfigFile(path, undefined);
      if (error instanceof ConfigError) throw error;
      const problem = error instanceof Error ? error.message : String(error);
      throw new ConfigError("unreadable", { problem, path, cause: error });
    }
  }

  /** True if the file is on disk. */
  get exists(): boolean {
    return this.#exists;
  }

  /** What the file says, with the edits made so far; a new object after each edit. */
  get config(): HubConfig {
    return this.#config;
  }

  /** Changes the document and reads it anew. */
  edit(change: (editor: ConfigEditor) => void): void {
    change(editorOf(this.#doc));
    this.#config = readConfig(parseYaml(textOf(this.#doc), this.path));
  }

  /**
   * Writes the document to disk; saves that overlap happen one after the other.
   *
   * @throws ConfigError if the file cannot be written; it is then as it was
   */
  save(): Promise<void> {
    writeGrantsAsObjects(this.#doc);
    const text = textOf(this.#doc);
    const save = this.#lastSave.then(async () => {
      try {
        await replaceFile(this.path, text);
        this.#exists = true;
      } catch (error) {
        const problem = error instanceof Error ? error.message : String(error);
        throw new ConfigError("unwritable", { problem, path: this.path, cause: error });
      }
    });
    this.#lastSave = save.catch(() => undefined); // the caller of that save has been told
    return save;
  }
}

/** Long lines stay as the operator wrote them. */
function textOf(doc: Document): string {
  return doc.toString({ lineWidth: 0 });
}

/** Spec: hub-api.md D23: bare tokens are accepted when reading and never written. */
function writeGrantsAsObjects(doc: Document): void {
  const machines = doc.getIn(["auth", "machines"]);
  if (!isMap(machines)) return;
  for (const { value: acl } of machines.items) {
    const grants = isMap(acl) ? acl.get("connectTokens") : undefined;
    if (!isSeq(grants)) continue;
    grants.items = grants.items.map((grant) =>
      isScalar(grant) ? doc.createNode({ token: String(grant.source ?? grant.value) }) : grant
    );
  }
}
