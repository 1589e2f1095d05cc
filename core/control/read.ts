import { isJsonObject } from "./json_object.ts";
import type { DefaultUpdate, Json, JsonObject, ServiceDescription } from "./messages.ts";

/** What a {@linkcode Reader} answers to a JSON value of the wrong type. */
export const ILL_TYPED: unique symbol = Symbol("ill-typed");

/** Takes the JSON value of a field, `undefined` where it is absent or null, and checks its type. */
export type Reader<T> = (value: Json | undefined) => T | typeof ILL_TYPED;

/** Fields of an object under lower-case names, nulls left out. Of two spellings the last counts. */
export function fieldsOf(object: JsonObject): Map<string, Json> {
  const fields = new Map<string, Json>();
  for (const [name, value] of Object.entries(object)) {
    if (value !== null) fields.set(name.toLowerCase(), value);
  }
  return fields;
}

/** A reader whose field may be absent. */
export function optional<T>(read: Reader<T>): Reader<T | undefined> {
  return (value) => value === undefined ? undefined : read(value);
}

/** Text; "" if absent. */
export const text: Reader<string> = (value = "") => typeof value === "string" ? value : ILL_TYPED;

/** A truth value; false if absent. */
export const flag: Reader<boolean> = (value = false) =>
  typeof value === "boolean" ? value : ILL_TYPED;

/** An integer; 0 if absent. */
export const integer: Reader<number> = (value = 0) =>
  typeof value === "number" && Number.isSafeInteger(value) ? value : ILL_TYPED;

/** A TCP or UDP port, 0 to 65535; 0 if absent. */
export const port: Reader<number> = (value = 0) =>
  typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= 0xffff
    ? value
    : ILL_TYPED;

/** An array of what `read` takes; a null in it reads as an absent value. */
export function list<T>(read: Reader<T>): Reader<T[]> {
  return (value = []) => {
    if (!Array.isArray(value)) return ILL_TYPED;
    const items: T[] = [];
    for (const element of value) {
      const item = read(element ?? undefined);
      if (item === ILL_TYPED) return ILL_TYPED;
      items.push(item);
    }
    return items;
  };
}

/** An object left as it is. */
export const opaqueObject: Reader<JsonObject> = (value = {}) =>
  isJsonObject(value) ? value : ILL_TYPED;

/** Any JSON value, left as it is. */
export const opaque: Reader<Json> = (value = null) => value;

/** Readers for the fields of `T`, by their names on the wire. */
export type Schema<T> = { readonly [K in keyof T]-?: Reader<T[K]> };

/** Takes the fields that a schema names from those of an object; others are ignored. */
export function fieldReader<T extends object>(
  schema: Schema<T>,
): (fields: ReadonlyMap<string, Json>) => T | typeof ILL_TYPED {
  const entries = Object.entries(schema) as [string, Reader<T[keyof T]>][];
  const readers = entries.map(([name, read]) => ({ name, key: name.toLowerCase(), read }));
  return (fields) => {
    const result: Record<string, T[keyof T]> = {};
    for (const { name, key, read } of readers) {
      const field = read(fields.get(key));
      if (field === ILL_TYPED) return ILL_TYPED;
      if (field !== undefined) result[name] = field;
    }
    return result as T;
  };
}

/** An object with the fields that a schema names, in any letter case; others are ignored. */
export function record<T extends object>(schema: Schema<T>): Reader<T> {
  const readFields = fieldReader(schema);
  return (value = {}) => isJsonObject(value) ? readFields(fieldsOf(value)) : ILL_TYPED;
}

/** Texts by name; a null reads as an absent entry. */
const texts: Reader<Record<string, string>> = (value = {}) => {
  if (!isJsonObject(value)) return ILL_TYPED;
  const entries = Object.entries(value).filter(([, entry]) => entry !== null);
  return entries.every(([, entry]) => typeof entry === "string")
    ? Object.fromEntries(entries) as Record<string, string>
    : ILL_TYPED;
};

/** Spec: wire.md 2.2. Keys arrive capitalised from the reference hub. */
export const defaultUpdate: Reader<DefaultUpdate> = record<DefaultUpdate>({
  channel: optional(text),
  sources: optional(texts),
});

/** Spec: wire.md 2.2 */
export const service: Reader<ServiceDescription> = record<ServiceDescription>({
  port,
  proto: optional(text),
  name: optional(text),
  description: optional(text),
});
