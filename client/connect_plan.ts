import { type FlagValues, UsageError } from "../core/cli/mod.ts";
import { type HubAddress, parseHubAddress } from "../core/hub_api/mod.ts";
import { isFingerprint } from "../core/identity/mod.ts";
import type { PathKind, StunServer } from "../core/path/mod.ts";
import {
  BUFFER_MEMORY_FLAG,
  DEFAULT_GRACE_SECONDS,
  MAX_GRACE_SECONDS,
  MAX_MTU_BYTES,
  MIN_MTU_BYTES,
  PATHS_FLAG,
  readPaths,
  readStunServers,
  STUN_FLAG,
} from "../core/tunnel/mod.ts";
import { HUB_FLAGS, type HubStatus, type MachineStatus, serviceLabel } from "./hub/mod.ts";
import { distinct, type Mapping, parsePorts } from "./ports.ts";

/** Flags of `tela connect`. */
export const CONNECT_FLAGS = {
  ...HUB_FLAGS,
  machine: {
    type: "string",
    placeholder: "name",
    summary: "Machine to reach.",
    env: "TELA_MACHINE",
    required: true,
  },
  ports: {
    type: "string",
    placeholder: "list",
    summary: "Ports to forward, as 22,8080:80 with local ports first. Default: all advertised.",
  },
  services: {
    type: "string",
    placeholder: "names",
    summary: "Services to forward, as ssh,web, by the names that tela services prints.",
  },
  port: {
    type: "number",
    placeholder: "port",
    summary: "Older form of -ports: the local port.",
    min: 1,
    max: 65_535,
  },
  "target-port": {
    type: "number",
    placeholder: "port",
    summary: "Older form of -ports: the machine's port, if not that of -port.",
    min: 1,
    max: 65_535,
  },
  mtu: {
    type: "number",
    placeholder: "bytes",
    summary: "Largest packet in the tunnel.",
    default: MAX_MTU_BYTES,
    env: "TELA_MTU",
    min: MIN_MTU_BYTES,
    max: MAX_MTU_BYTES,
  },
  "resume-grace": {
    type: "number",
    placeholder: "seconds",
    summary: "How long connections wait for a lost hub or agent to come back; 0: not at all.",
    default: DEFAULT_GRACE_SECONDS,
    min: 0,
    max: MAX_GRACE_SECONDS,
  },
  "buffer-memory": BUFFER_MEMORY_FLAG,
  paths: PATHS_FLAG,
  stun: STUN_FLAG,
  "accept-identity": {
    type: "string",
    placeholder: "SHA256:…",
    summary: "Fingerprint that the agent must show; kept in place of the one that was known.",
  },
  "require-verified": {
    type: "boolean",
    summary: "Refuse an agent whose identity is not known yet, or that shows none.",
  },
  v: { type: "boolean", summary: "Log every connection and attempt." },
} as const;

/** What `tela connect` is to do. */
export interface ConnectPlan {
  /** Hub to dial. */
  readonly hub: HubAddress;
  /** Name of the machine. */
  readonly machine: string;
  /** Token given on the command line or by the environment; "" if none. */
  readonly token: string;
  /** Ports chosen by number. */
  readonly mappings: readonly Mapping[];
  /** Services chosen by name, to be looked up. */
  readonly services: readonly string[];
  /** Largest IP packet in the tunnel. */
  readonly mtuBytes: number;
  /** How long connections wait for a new connection to the hub, in ms. */
  readonly graceMs: number;
  /** Paths to send by; undefined for all. */
  readonly paths: readonly PathKind[] | undefined;
  /** STUN servers besides the hub. */
  readonly stunServers: readonly StunServer[];
  /** Fingerprint that the agent must show; undefined where the known one, or any new one, will do. */
  readonly acceptIdentity: string | undefined;
  /** Whether an agent that is not known yet, or shows no identity, is refused. */
  readonly requireVerified: boolean;
  /** Whether to log every connection and attempt. */
  readonly verbose: boolean;
}

/**
 * Makes a plan of the flags.
 *
 * Spec: client.md 2.1
 *
 * @throws {UsageError} if the hub's address, a port, a path or a fingerprint is malformed
 * @throws {Error} if the hub is given by a name
 */
export function planConnect(flags: FlagValues<typeof CONNECT_FLAGS>): ConnectPlan {
  const local = flags.port ?? flags["target-port"];
  const remote = flags["target-port"] ?? flags.port;
  const legacy = local === undefined || remote === undefined ? [] : [{ local, remote }];
  const acceptIdentity = flags["accept-identity"] || undefined;
  if (acceptIdentity !== undefined && !isFingerprint(acceptIdentity)) {
    throw new UsageError(
      `Invalid -accept-identity "${acceptIdentity}": must be SHA256: and 43 digits of base64, ` +
        "as telad -fingerprint prints it",
    );
  }
  const ports = flags.ports === undefined || flags.ports === "" ? [] : parsePorts(flags.ports);
  return {
    hub: parseHubAddress(flags.hub),
    machine: flags.machine,
    token: flags.token ?? "",
    mappings: distinct([...legacy, ...ports]),
    services: (flags.services ?? "").split(",").map((name) => name.trim()).filter((n) => n !== ""),
    mtuBytes: flags.mtu,
    graceMs: flags["resume-grace"] * 1000,
    paths: readPaths(flags.paths),
    stunServers: readStunServers(flags.stun),
    acceptIdentity,
    requireVerified: flags["require-verified"],
    verbose: flags.v,
  };
}

/** The machine of that name. @throws {Error} if the hub shows none */
export function findMachine(status: HubStatus, machine: string): MachineStatus {
  const found = status.machines.find(({ id }) => id === machine);
  if (found !== undefined) return found;
  const names = status.machines.map(({ id }) => id).join(", ") || "none";
  throw new Error(`Machine "${machine}" not found on the hub: it lists ${names}`);
}

/**
 * Looks services up by name, in either case; each is forwarded at the port it has on the machine.
 *
 * Spec: client.md 2.1 (`-services`)
 *
 * @throws {Error} if the machine has no service of a name; the message lists those it has
 */
export function mapServices(machine: MachineStatus, names: readonly string[]): Mapping[] {
  return names.map((wanted) => {
    const isWanted = (name: string) => name.toLowerCase() === wanted.toLowerCase();
    const found = machine.services.find(({ name }) => isWanted(name));
    if (found?.port !== undefined) return { local: found.port, remote: found.port };
    const known = machine.services.map(serviceLabel).join(", ") || "none";
    throw new Error(`Service "${wanted}" not found on machine "${machine.id}": it has ${known}`);
  });
}
