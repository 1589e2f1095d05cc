import type { DefaultUpdate, ServiceDescription } from "../core/control/mod.ts";
import { ConfigError, ConfigFile, type ConfigNode, type Host } from "../core/config/mod.ts";
import { derivePorts, deriveServices } from "./ports.ts";

/** Where the services of a machine are dialled unless it says otherwise. Spec: agent.md 1.1 */
export const DEFAULT_TARGET = "127.0.0.1";

/** One machine: what the hub is told about it, and where its services are. */
export interface MachineConfig {
  /** Name that clients use. */
  readonly name: string;
  /** Name for people; "" if none. */
  readonly displayName: string;
  /** Where the machine stands; "" if not told. */
  readonly location: string;
  /** Whose machine it is; "" if not told. */
  readonly owner: string;
  /** Free words. */
  readonly tags: readonly string[];
  /** Host name of the machine. */
  readonly hostname: string;
  /** `linux`, `darwin`, `windows`. */
  readonly os: string;
  /** Ports listened on inside the tunnel, 1 to 65535, each once. */
  readonly ports: readonly number[];
  /** What people see of the ports. */
  readonly services: readonly ServiceDescription[];
  /** Host on which the services are dialled, at the same ports. */
  readonly target: string;
  /** Secret that the hub knows the agent by; "" if none. */
  readonly token: string;
}

/** What an agent runs with, checked. */
export interface AgentConfig {
  /** `ws:` or `wss:` URL of the hub. */
  readonly hub: string;
  /** At least one; names differ. */
  readonly machines: readonly MachineConfig[];
  /** Release channel and sources of the operator's own choice. */
  readonly update: DefaultUpdate;
  /** The file it was read from; undefined when it came from flags. */
  readonly path?: string;
}

/** What is common to configurations from file and flags. */
export interface ConfigSurroundings {
  /** Gives the operating system. */
  host: Host;
  /** Host name of this machine. */
  hostname: string;
}

/** A configuration and what its operator should know about it, as lines for the log. */
export interface LoadedConfig {
  /** Frozen. */
  readonly config: AgentConfig;
  /** Settings without effect. */
  readonly warnings: readonly string[];
}

const PORT_RANGE = { min: 0, max: 65535 };

/** Settings of the reference that this agent does not have yet. */
const NOT_SUPPORTED = ["shares", "fileShare", "gateway", "upstreams"] as const;

/** A machine as the file has it, with right types and nothing else checked. */
interface RawMachine extends Omit<MachineConfig, "ports" | "services"> {
  readonly at: string;
  readonly ports: readonly number[];
  readonly services: readonly ServiceDescription[];
  readonly notSupported: readonly string[];
}

function readService(node: ConfigNode): ServiceDescription {
  const service: ServiceDescription = { port: node.get("port").integer(PORT_RANGE) ?? 0 };
  for (const key of ["proto", "name", "description"] as const) {
    const value = node.get(key).string();
    if (value) service[key] = value;
  }
  return service;
}

function readMachine(node: ConfigNode, { host, hostname }: ConfigSurroundings): RawMachine {
  const text = (key: string) => node.get(key).string() ?? "";
  return {
    at: node.at,
    name: text("name"),
    displayName: text("displayName"),
    location: text("location"),
    owner: text("owner"),
    tags: node.get("tags").list().map((tag) => tag.string() ?? ""),
    hostname: text("hostname") || hostname,
    os: text("os") || host.os,
    ports: node.get("ports").list().map((port) => port.integer(PORT_RANGE) ?? 0),
    services: node.get("services").list().map(readService),
    target: text("target") || DEFAULT_TARGET,
    token: text("token"),
    notSupported: NOT_SUPPORTED.filter((key) => node.get(key).exists),
  };
}

function readUpdate(node: ConfigNode): DefaultUpdate {
  const channel = node.get("channel").string() || undefined;
  const sources = node.get("sources").entries().map(([name, url]) => [name, url.string() ?? ""]);
  return { channel, sources: Object.fromEntries(sources.filter(([, url]) => url !== "")) };
}

/** Whether `text` is a URL that a hub can be dialled at. */
export function isHubUrl(text: string): boolean {
  return /^wss?:\/\//i.test(text) && URL.canParse(text);
}

/** The checks of a whole file, in the reference's order, then ours. Spec: agent.md 1.1 */
function check(path: string, hub: string, machines: readonly RawMachine[]): void {
  const fail = (rule: string) => new ConfigError(`${path}: ${rule}`, { code: "invalid", path });
  if (hub === "") throw fail("'hub' is required");
  if (machines.length === 0) throw fail("'machines' list is empty");
  for (const { at, name, ports, services } of machines) {
    if (name === "") throw fail(`${at}: 'name' is required`);
    if (ports.length === 0 && services.length === 0) {
      throw fail(`${at} (${name}): either 'ports' or 'services' is required`);
    }
  }
  if (!isHubUrl(hub)) throw fail("'hub' must begin with ws:// or wss://");
  for (const [i, { at, name }] of machines.entries()) {
    // Both would register under one key, and the hub would close one for the other without end.
    const first = machines.findIndex((other) => other.name === name);
    if (first !== i) throw fail(`${at} (${name}): machines[${first}] has the same name`);
  }
}

function warningsOf({ at, name, ports, services, notSupported }: RawMachine): string[] {
  const unreachable = ports.length === 0
    ? []
    : services.filter(({ port }) => port !== 0 && !ports.includes(port));
  return [
    ...notSupported.map((key) => `${at} (${name}): '${key}' is not supported yet and is ignored`),
    ...unreachable.map(({ port }) =>
      `${at} (${name}): the service on port ${port} cannot be reached, 'ports' does not list it`
    ),
  ];
}

function finish(
  { at: _at, notSupported: _, ...machine }: RawMachine,
  token: string,
): MachineConfig {
  return Object.freeze({
    ...machine,
    token: machine.token || token,
    ports: Object.freeze(derivePorts(machine.ports, machine.services)),
    services: Object.freeze(deriveServices(machine.ports, machine.services)),
  });
}

/**
 * Makes a configuration of `telad.yaml`. Unknown keys are ignored.
 *
 * Spec: agent.md 1.1. Deviations: two machines of one name are refused, and so is a hub URL that
 * could never be dialled.
 *
 * @throws {ConfigError} naming the first setting that is wrong
 */
export function readConfig(file: ConfigFile, surroundings: ConfigSurroundings): LoadedConfig {
  const { root, path } = file;
  const hub = root.get("hub").string() ?? "";
  const token = root.get("token").string() ?? "";
  const machines = root.get("machines").list().map((node) => readMachine(node, surroundings));
  const update = readUpdate(root.get("update"));
  check(path, hub, machines);
  const config: AgentConfig = Object.freeze({
    hub,
    machines: Object.freeze(machines.map((machine) => finish(machine, token))),
    update: Object.freeze(update),
    path,
  });
  return { config, warnings: machines.flatMap(warningsOf) };
}

/** Reads `telad.yaml`. @throws {ConfigError} if it is missing, or cannot be read, parsed or accepted */
export async function loadConfig(
  path: string,
  surroundings: ConfigSurroundings,
): Promise<LoadedConfig> {
  try {
    return readConfig(await ConfigFile.read(path), surroundings);
  } catch (error) {
    if (!(error instanceof ConfigError) || error.code !== "absent") throw error;
    const advice = "write it, or give -hub, -machine and -ports in its place";
    throw new ConfigError(`${error.message}; ${advice}`, { code: "absent", path, cause: error });
  }
}
