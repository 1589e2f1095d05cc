import { ConfigFile, type ConfigNode } from "../../core/config/mod.ts";
import type { Json, JsonObject } from "../../core/control/mod.ts";

/** What a machine's entry may show; a token is not among it. Spec: agent.md 7 (config-get) */
const TEXTS = ["name", "displayName", "hostname", "os", "location", "owner", "target"];
const LISTS = ["tags", "ports", "services", "shares", "upstreams"];

/** Keys that hold a secret at whatever depth they stand. */
const SECRETS = /token|secret|password/i;

function withoutSecrets(value: Json): Json {
  if (Array.isArray(value)) return value.map(withoutSecrets);
  if (typeof value !== "object" || value === null) return value;
  const shown = Object.entries(value).filter(([key]) => !SECRETS.test(key));
  return Object.fromEntries(shown.map(([key, inner]) => [key, withoutSecrets(inner)]));
}

function describeMachine(node: ConfigNode): JsonObject {
  const machine: JsonObject = {};
  for (const key of TEXTS) {
    const text = node.get(key).string();
    if (text) machine[key] = text;
  }
  for (const key of LISTS) {
    const value = withoutSecrets(node.get(key).json() ?? null);
    if (Array.isArray(value) && value.length > 0) machine[key] = value;
  }
  const gateway = withoutSecrets(node.get("gateway").json() ?? null);
  if (gateway !== null) machine.gateway = gateway;
  return machine;
}

/**
 * What `config-get` answers: every machine of the file as it stands there now, no secret among it.
 *
 * Spec: agent.md 7. Deviation: nested keys are written as in the file, where the reference
 * capitalises them.
 *
 * @throws {ConfigError} if the file cannot be read
 */
export async function describeConfig(path: string, hub: string): Promise<JsonObject> {
  const { root } = await ConfigFile.read(path);
  return { hub, configPath: path, machines: root.get("machines").list().map(describeMachine) };
}
