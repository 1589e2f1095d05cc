import { type FlagValues, type Io, UsageError } from "../../core/cli/mod.ts";
import { isJsonObject, type JsonObject } from "../../core/control/mod.ts";
import type { KnownAgents } from "../../core/identity/mod.ts";
import { JsonApi, parseHubAddress } from "../../core/hub_api/mod.ts";
import { HUB_FLAGS, type HubDeps } from "../hub/mod.ts";

/** What administration needs of the machine it runs on. */
export interface AdminDeps extends HubDeps {
  /** Agents whose identity this user knows; undefined where nothing can be kept. */
  readonly knownAgents: () => KnownAgents | undefined;
}

/** The flags of every administrative command. */
export const ADMIN_FLAGS = {
  hub: HUB_FLAGS.hub,
  token: {
    ...HUB_FLAGS.token,
    summary:
      "Token of an owner or administrator. Others on this computer can see a flag: prefer the " +
      "variable, or TELA_TOKEN, which stands in for it.",
    env: "TELA_OWNER_TOKEN",
  },
} as const;

/** The flags of every command about an agent. */
export const AGENT_FLAGS = {
  ...ADMIN_FLAGS,
  machine: {
    type: "string",
    placeholder: "name",
    summary: "Machine whose agent is meant.",
    env: "TELA_MACHINE",
    required: true,
  },
} as const;

/** The flag of every command that prints a table. */
export const JSON_FLAG = {
  json: { type: "boolean", summary: "Print JSON, as the hub sent it." },
} as const;

/** The flag of every command that destroys something. */
export const FORCE_FLAG = {
  force: { type: "boolean", summary: "Do not ask, also at a terminal." },
} as const;

/** `-token`, else `TELA_OWNER_TOKEN`, else `TELA_TOKEN`, else the one kept. Spec: client.md 1.0 */
export async function adminApi(
  { hub, token }: FlagValues<typeof ADMIN_FLAGS>,
  { io, deps }: { io: Io; deps: AdminDeps },
): Promise<JsonApi> {
  const address = parseHubAddress(hub);
  const given = token || io.env("TELA_TOKEN") || "";
  const secret = given || await deps.storedToken(address.wsUrl);
  return new JsonApi({ hub: address, token: secret, fetch: deps.fetch, clock: deps.clock });
}

/** The argument at `index`, which the grammar has made sure of. */
export function argument(args: readonly string[], index: number): string {
  const value = args[index];
  if (value === undefined || value === "") throw new UsageError("Missing argument: see -h");
  return value;
}

/** Text in a field of an answer; "" if there is none. */
export function textOf(object: JsonObject, field: string): string {
  const value = object[field];
  return typeof value === "string" ? value : "";
}

/** The objects in an array of an answer. */
export function objectsOf(object: JsonObject, field: string): JsonObject[] {
  const value = object[field];
  return Array.isArray(value) ? value.filter(isJsonObject) : [];
}

/** The texts in an array of an answer. */
export function textsOf(object: JsonObject, field: string): string[] {
  const value = object[field];
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}
