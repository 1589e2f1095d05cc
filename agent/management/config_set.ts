import { ConfigFile } from "../../core/config/mod.ts";
import { isJsonObject, type Json, type JsonObject } from "../../core/control/mod.ts";

/** What may be changed from afar, as the file spells it. Spec: agent.md 7 (config-set) */
const FIELDS = [
  "displayName",
  "hostname",
  "location",
  "os",
  "owner",
  "ports",
  "services",
  "tags",
  "target",
];

/** What stands in the file and may not: who the machine is, and what it proves it by. */
const PROTECTED = ["name", "token"];

/** Where {@linkcode changeConfig} makes its change. */
export interface ChangeOptions {
  /** Path of the configuration file. */
  path: string;
  /** Checks a file as at a start. @throws {ConfigError} naming what is wrong */
  check: (file: ConfigFile) => void;
}

/** What {@linkcode changeConfig} has done. */
export interface ChangeResult {
  /** The machine that was changed. */
  readonly machine: string;
  /** Fields of the request that nobody here knows. */
  readonly unknown: readonly string[];
}

/** A change that was refused, with nothing done. */
export class RefusedChange extends Error {
  /** The name of the class. */
  override readonly name: string = "RefusedChange";
}

/** What a request wants changed. */
interface Change {
  /** The fields as the file spells them, with their values. */
  readonly fields: [key: string, value: Json][];
  /** Fields that nobody here knows. */
  readonly unknown: string[];
}

/** @throws {RefusedChange} at the first field that may not be set */
function readFields(object: JsonObject): Change {
  const change: Change = { fields: [], unknown: [] };
  for (const [written, value] of Object.entries(object)) {
    const same = (key: string) => key.toLowerCase() === written.toLowerCase();
    if (PROTECTED.some(same)) {
      throw new RefusedChange(`invalid fields: "${written}" cannot be changed from afar`);
    }
    const key = FIELDS.find(same);
    if (key === undefined) change.unknown.push(written);
    else change.fields.push([key, value]);
  }
  return change;
}

/**
 * Does what `config-set` asks: changes the fields of one machine in the file, whose comments and
 * other keys stay. The file as it would be is checked as at a start before it is replaced, whole.
 * Null takes a field out; unknown fields are left out and named in the result.
 *
 * Spec: agent.md 7. Deviation: the reference checks types alone, writes name and token, and mixes
 * lists with the old ones.
 *
 * @throws {RefusedChange} if the request is malformed, or names an unknown machine or field
 * @throws {ConfigError} if the file cannot be read or written, or would not be accepted
 */
export async function changeConfig(
  payload: Json | undefined,
  { path, check }: ChangeOptions,
): Promise<ChangeResult> {
  if (!isJsonObject(payload)) throw new RefusedChange("invalid payload: must be a JSON object");
  const { machine, fields } = payload;
  if (typeof machine !== "string") {
    throw new RefusedChange("invalid payload: machine must be a text");
  }
  if (!isJsonObject(fields)) throw new RefusedChange("invalid fields: must be a JSON object");
  const file = await ConfigFile.read(path);
  const names = file.root.get("machines").list().map((node) => node.get("name").string());
  const index = names.indexOf(machine);
  if (index < 0) throw new RefusedChange(`machine not found: ${machine}`);
  const change = readFields(fields);
  for (const [key, value] of change.fields) {
    const place = ["machines", index, key];
    if (value === null) file.delete(place);
    else file.set(place, value);
  }
  check(ConfigFile.parse(path, file.text()));
  await file.save();
  return { machine, unknown: change.unknown };
}
