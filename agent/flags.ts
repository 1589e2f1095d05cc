import { UsageError } from "../core/cli/mod.ts";
import {
  type AgentConfig,
  type ConfigSurroundings,
  hubUrlFault,
  type LoadedConfig,
} from "./config.ts";
import { derivePorts, parsePortSpec } from "./ports.ts";

/** What the command line and the environment say of a single machine. */
export interface MachineFlags {
  /** URL of the hub. */
  hub?: string | undefined;
  /** Name of the machine. */
  machine?: string | undefined;
  /** Secret that the hub knows the agent by. */
  token?: string | undefined;
  /** Comma list of `port[:name[:description]]`. */
  ports?: string | undefined;
  /** Host on which the services are dialled. */
  targetHost: string;
}

/** What is missing, and every way to give it. */
function missing({ hub, machine, ports }: MachineFlags): UsageError | undefined {
  const lacking = [
    hub ? undefined : "-hub (or TELA_HUB)",
    machine ? undefined : "-machine (or TELA_MACHINE)",
    ports ? undefined : "-ports (or TELAD_PORTS)",
  ].filter((text) => text !== undefined);
  if (lacking.length === 0) return undefined;
  if (lacking.length === 3) {
    return new UsageError(
      "Nothing to run: give -config with a telad.yaml, or -hub, -machine and -ports",
    );
  }
  return new UsageError(`Missing ${lacking.join(" and ")}`);
}

/**
 * Makes a configuration of one machine of flags.
 *
 * Spec: agent.md 1.3
 *
 * @throws {UsageError} if something is missing or wrong
 */
export function configOfFlags(
  flags: MachineFlags,
  { host, hostname }: ConfigSurroundings,
): LoadedConfig {
  const error = missing(flags);
  if (error !== undefined) throw error;
  const { hub = "", machine = "", token = "", ports = "", targetHost } = flags;
  const fault = hubUrlFault(hub);
  if (fault !== undefined) {
    // Where there is a user there is a password, which belongs in no error.
    const shown = hub.includes("@") ? "" : ` "${hub}"`;
    throw new UsageError(`Invalid -hub${shown}: ${fault}`);
  }
  const { services, warnings } = parsePortSpec(ports);
  if (services.length === 0) throw new UsageError(`No valid ports in: ${ports}`);
  const config: AgentConfig = Object.freeze({
    hub,
    machines: Object.freeze([Object.freeze({
      name: machine,
      displayName: "",
      location: "",
      owner: "",
      tags: [],
      hostname,
      os: host.os,
      ports: Object.freeze(derivePorts([], services)),
      services,
      target: targetHost,
      token,
    })]),
    update: Object.freeze({}),
  });
  return { config, warnings };
}
