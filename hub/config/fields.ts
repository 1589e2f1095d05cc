import { isAlias, isMap, isScalar, isSeq, type LineCounter, type Node, type YAMLMap } from "yaml";
import type { Document } from "yaml";
import { ConfigError } from "./error.ts";

/** Where nodes come from, for error messages. */
export interface Source {
  readonly path: string;
  readonly doc: Document.Parsed;
  readonly lines: LineCounter;
}

/**
 * Typed reading of one YAML mapping. Absent keys and nulls are `undefined`; a value of the wrong
 * type is a {@linkcode ConfigError} with the line; unknown keys are never looked at.
 */
export class Fields {
  readonly #source: Source;
  readonly #map: YAMLMap | undefined;
  readonly #where: string;

  /** @param where path of the mapping in the file, as `auth.tokens[0]`, for messages */
  constructor(source: Source, map: YAMLMap | undefined, where: string) {
    this.#source = source;
    this.#map = map;
    this.#where = where;
  }

  /** A text. A plain number or truth value stands for its own characters, as in the reference. */
  text(key: string): string | undefined {
    const node = this.#node(key);
    return node === undefined ? undefined : this.#textOf(node, this.#name(key));
  }

  /** A whole number from `min` to `max`. */
  integer(key: string, range: { min: number; max: number }): number | undefined {
    const node = this.#node(key);
    if (node === undefined) return undefined;
    const value = isScalar(node) ? node.value : undefined;
    if (
      Number.isInteger(value) && (value as number) >= range.min && (value as number) <= range.max
    ) {
      return value as number;
    }
    this.#fail(node, `${this.#name(key)} must be a whole number from ${range.min} to ${range.max}`);
  }

  /** A moment, in milliseconds since 1970, written in RFC 3339. */
  time(key: string): number | undefined {
    const node = this.#node(key);
    if (node === undefined) return undefined;
    const text = this.#textOf(node, this.#name(key));
    const ms = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d/.test(text) ? Date.parse(text) : NaN;
    if (Number.isNaN(ms)) this.#fail(node, `${this.#name(key)} must be a time as RFC 3339 has it`);
    return ms;
  }

  /** A nested mapping, empty if absent. */
  fields(key: string): Fields {
    const node = this.#node(key);
    if (node !== undefined && !isMap(node)) {
      this.#fail(node, `${this.#name(key)} must be a mapping`);
    }
    return new Fields(this.#source, node, this.#name(key));
  }

  /** The mappings nested under the keys of this one, in order. */
  entries(): [key: string, value: Fields][] {
    return this.keys().map((key) => [key, this.fields(key)]);
  }

  /** The keys of this mapping, in order. */
  keys(): string[] {
    return (this.#map?.items ?? []).map(({ key }) => this.#textOf(key as Node, this.#where));
  }

  /** The items of a list, each read by `read`; empty if the key is absent. */
  list<T>(key: string, read: (item: ListItem) => T): T[] {
    const node = this.#node(key);
    if (node === undefined) return [];
    if (!isSeq(node)) this.#fail(node, `${this.#name(key)} must be a list`);
    return node.items.map((item, i) => {
      const where = `${this.#name(key)}[${i}]`;
      const resolved = this.#resolve(item as Node) ?? (item as Node);
      return read({
        text: () => this.#textOf(resolved, where),
        isMapping: isMap(resolved),
        fields: () => {
          if (!isMap(resolved)) this.#fail(resolved, `${where} must be a mapping`);
          return new Fields(this.#source, resolved, where);
        },
      });
    });
  }

  /** Throws a {@linkcode ConfigError} about the value of `key`. */
  reject(key: string, rule: string): never {
    this.#fail(this.#node(key) ?? this.#map, `${this.#name(key)} ${rule}`);
  }

  #name(key: string): string {
    return this.#where === "" ? key : `${this.#where}.${key}`;
  }

  #node(key: string): Node | undefined {
    const pair = this.#map?.items.find((item) =>
      isScalar(item.key) && String(item.key.value) === key
    );
    return this.#resolve(pair?.value as Node | null | undefined);
  }

  #resolve(node: Node | null | undefined): Node | undefined {
    const target = isAlias(node) ? node.resolve(this.#source.doc) : node;
    if (target === null || target === undefined) return undefined;
    return isScalar(target) && target.value === null ? undefined : target;
  }

  #textOf(node: Node, where: string): string {
    if (!isScalar(node)) this.#fail(node, `${where} must be a text`);
    // A token of digits parses as a number and would lose digits: its source is what was written.
    return typeof node.value === "string" ? node.value : node.source ?? String(node.value ?? "");
  }

  #fail(node: Node | undefined, problem: string): never {
    const offset = node?.range?.[0];
    const line = offset === undefined ? undefined : this.#source.lines.linePos(offset).line;
    throw new ConfigError("invalid", { problem, path: this.#source.path, line });
  }
}

/** One item of a list. */
export interface ListItem {
  /** The item as a text; @throws ConfigError if it is a list or a mapping. */
  text(): string;
  /** True if the item is a mapping. */
  readonly isMapping: boolean;
  /** The item as a mapping; @throws ConfigError if it is none. */
  fields(): Fields;
}
