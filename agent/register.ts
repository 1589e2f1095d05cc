import type { DefaultUpdate, JsonObject, Register } from "../core/control/mod.ts";
import type { AgentIdentity } from "../core/identity/mod.ts";
import type { MachineConfig } from "./config.ts";

/**
 * What this agent can do beyond forwarding ports: it answers management requests, and says by which
 * identity it will prove itself. A `peer-hello` follows wherever a client is told of one.
 *
 * Spec: agent.md 2, design.md decision 5
 */
export function capabilitiesOf({ fingerprint }: AgentIdentity): JsonObject {
  return { management: true, identity: fingerprint };
}

/** Spec: wire.md 2.2 */
const PROTOCOL_VERSION = 1;

/** What a register message says besides the machine's own settings. */
export interface RegisterOptions {
  /** UUID of the installation. */
  agentId: string;
  /** UUID of the machine. */
  machineRegistrationId: string;
  /** Version of this program. */
  agentVersion: string;
  /** Who the agent is to clients. */
  identity: AgentIdentity;
}

/** The message that registers a machine; empty fields are left out. Spec: agent.md 2 */
export function registerMessage(
  machine: MachineConfig,
  { identity, ...options }: RegisterOptions,
): Register {
  return {
    type: "register",
    protocolVersion: PROTOCOL_VERSION,
    machineName: machine.name,
    ...options,
    displayName: machine.displayName || undefined,
    hostname: machine.hostname || undefined,
    os: machine.os || undefined,
    tags: machine.tags.length === 0 ? undefined : [...machine.tags],
    location: machine.location || undefined,
    owner: machine.owner || undefined,
    token: machine.token || undefined,
    ports: [...machine.ports],
    services: [...machine.services],
    capabilities: capabilitiesOf(identity),
  };
}

/**
 * Update settings completed by those a hub suggests: its channel if there is none, each source whose
 * name is not there. Local values win.
 *
 * Spec: agent.md 2, wire.md 2.2
 */
export function mergeUpdate(local: DefaultUpdate, suggested: DefaultUpdate): DefaultUpdate {
  const offered = Object.entries(suggested.sources ?? {}).filter(([, url]) => url !== "");
  return {
    channel: local.channel || suggested.channel || undefined,
    sources: { ...Object.fromEntries(offered), ...local.sources },
  };
}

/** Whether the text of an error from a hub says that it does not accept the token. */
export function isRefusal(message: string): boolean {
  return /access denied|invalid token/i.test(message);
}
