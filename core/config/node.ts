import { isAlias, isMap, isScalar, isSeq, type Node, type Pair, type YAMLMap } from "yaml";
import type { Json } from "../control/mod.ts";
import { ConfigError } from "./error.ts";
import type { NodeSource } from "./_source.ts";

/** Longest piece of a bad value that an error shows, in characters. */
const SHOWN_CHARS = 40;

/** Depth of `<<` merges followed, so that a merge of itself ends. */
const MAX_MERGE_DEPTH = 16;

/** Key whose value lends its own keys to the map it is in. Spec: YAML merge key type */
const MERGE_KEY = "<<";

/** Words that Go's YAML takes for a boolean besides `true` and `false`, in lower case. */
const TRUE_WORDS = ["yes", "on", "y"];
const FALSE_WORDS = ["no", "off", "n"];

/** Bounds of {@linkcode ConfigNode.integer}, both included. */
export interface IntegerRange {
  /** Smallest value accepted. */
  min: number;
  /** Largest value accepted. */
  max: number;
}

/**
 * A value in a YAML file, read as the type that the reader expects. An absent value (missing, or
 * null) is undefined, or an empty list or map; a value of another type is an error that names its
 * place. Keys nobody asks for are ignored. Anchors, aliases and `<<` merges are followed.
 */
export class ConfigNode {
  /** Place in the file, as `machines[0].ports[2]`; empty for the whole. */
  readonly at: string;
  readonly #source: NodeSource;
  readonly #node: Node | undefined;

  /**
   * Made by {@linkcode ConfigFile} only.
   *
   * @ignore
   */
  constructor(source: NodeSource, at: string, node: unknown) {
    this.#source = source;
    this.at = at;
    this.#node = this.#resolve(node);
  }

  /** Whether there is a value other than null. */
  get exists(): boolean {
    return this.#node !== undefined;
  }

  /** The value under a key of this map. @throws {ConfigError} if this is not a map */
  get(key: string): ConfigNode {
    const value = this.#node === undefined ? undefined : this.#find(this.#map(), key, 0);
    return new ConfigNode(this.#source, this.at === "" ? key : `${this.at}.${key}`, value);
  }

  /** Keys and values of this map, in file order. @throws {ConfigError} if this is not a map */
  entries(): [key: string, value: ConfigNode][] {
    if (this.#node === undefined) return [];
    return [...this.#keys(this.#map(), 0)].map((key) => [key, this.get(key)]);
  }

  /** The items of this list. @throws {ConfigError} if this is not a list */
  list(): ConfigNode[] {
    if (this.#node === undefined) return [];
    if (!isSeq(this.#node)) throw this.#unexpected("a list", false);
    return this.#node.items.map((item, i) =>
      new ConfigNode(this.#source, `${this.at}[${i}]`, item)
    );
  }

  /**
   * Text. A number or a boolean counts as the text it was written as, so that the token `0012`
   * keeps its zeros.
   *
   * @throws {ConfigError} if this is a list or a map
   */
  string(): string | undefined {
    if (this.#node === undefined) return undefined;
    if (!isScalar(this.#node)) throw this.#unexpected("text", false);
    const { value, source } = this.#node;
    return typeof value === "string" ? value : source ?? String(value);
  }

  /** A whole number within `range`. @throws {ConfigError} if this is anything else */
  integer(range: IntegerRange): number | undefined {
    if (this.#node === undefined) return undefined;
    const value = isScalar(this.#node) ? this.#node.value : undefined;
    const good = Number.isSafeInteger(value) && (value as number) >= range.min &&
      (value as number) <= range.max;
    if (!good) throw this.#unexpected(`an integer from ${range.min} to ${range.max}`, true);
    return value as number;
  }

  /**
   * True or false; as in Go's YAML also `yes`, `no`, `on`, `off`.
   *
   * @throws {ConfigError} if this is anything else
   */
  boolean(): boolean | undefined {
    if (this.#node === undefined) return undefined;
    const value = isScalar(this.#node) ? this.#node.value : undefined;
    if (typeof value === "boolean") return value;
    const word = typeof value === "string" ? value.toLowerCase() : "";
    if (TRUE_WORDS.includes(word)) return true;
    if (FALSE_WORDS.includes(word)) return false;
    throw this.#unexpected("true or false", true);
  }

  /** The whole value as JSON has it; undefined if there is none. */
  json(): Json | undefined {
    return this.#node?.toJS(this.#source.document);
  }

  /** The error that this value breaks a rule: `<place>: <rule>`, with file and line. */
  fail(rule: string): ConfigError {
    const { path, lines } = this.#source;
    const offset = this.#node?.range?.[0];
    const line = offset === undefined ? undefined : lines.linePos(offset).line;
    const where = line === undefined ? "" : ` (line ${line})`;
    const place = this.at === "" ? "" : `${this.at}: `;
    return new ConfigError(`Cannot parse ${path}: ${place}${rule}${where}`, {
      code: "invalid",
      path,
    });
  }

  #unexpected(expected: string, show: boolean): ConfigError {
    return this.fail(`expected ${expected}, got ${describe(this.#node, show)}`);
  }

  #map(): YAMLMap {
    if (!isMap(this.#node)) throw this.#unexpected("a map", false);
    return this.#node;
  }

  #resolve(node: unknown): Node | undefined {
    const target = isAlias(node) ? node.resolve(this.#source.document) : node;
    if (isAlias(node) && target === undefined) {
      throw this.fail(`the alias *${node.source} has no anchor before it`);
    }
    return isMap(target) || isSeq(target) || (isScalar(target) && target.value !== null)
      ? target
      : undefined;
  }

  #keys(map: YAMLMap, depth: number): Set<string> {
    const keys = new Set(map.items.map(keyOf).filter((key) => key !== MERGE_KEY));
    for (const merged of this.#merged(map, depth)) {
      for (const key of this.#keys(merged, depth + 1)) keys.add(key);
    }
    return keys;
  }

  /** A key's own value, else that of the first merged map which has the key. */
  #find(map: YAMLMap, key: string, depth: number): unknown {
    const own = map.items.find((pair) => keyOf(pair) === key);
    if (own !== undefined) return own.value;
    for (const merged of this.#merged(map, depth)) {
      const found = this.#find(merged, key, depth + 1);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  #merged(map: YAMLMap, depth: number): YAMLMap[] {
    const merge = map.items.find((pair) => keyOf(pair) === MERGE_KEY);
    if (merge === undefined || depth === MAX_MERGE_DEPTH) return [];
    const merged = this.#resolve(merge.value);
    const items = isSeq(merged) ? merged.items : [merged];
    return items.map((item) => this.#resolve(item)).filter((item) => isMap(item));
  }
}

function keyOf(pair: Pair): string {
  return isScalar(pair.key) ? String(pair.key.value) : String(pair.key);
}

/** Shows a scalar only where a scalar belongs: text where a map belongs may be a secret. */
function describe(node: Node | undefined, show: boolean): string {
  if (isMap(node)) return "a map";
  if (isSeq(node)) return "a list";
  const value = isScalar(node) ? node.value : undefined;
  if (!show) return typeof value === "string" ? "text" : `a ${typeof value}`;
  const text = typeof value === "string" ? JSON.stringify(value) : String(value);
  return text.length <= SHOWN_CHARS ? text : text.slice(0, SHOWN_CHARS) + "…";
}
