import { type Command, command, type FlagValues, formatJson, type Io } from "../core/cli/mod.ts";
import { findMachine } from "./connect_plan.ts";
import type { ClientDeps } from "./deps.ts";
import { parseHubAddress } from "./hub_address.ts";
import { fetchHubStatus } from "./hub_api.ts";
import { HUB_FLAGS } from "./hub_flags.ts";
import type { HubStatus } from "./hub_status.ts";
import {
  agentsView,
  machinesJson,
  machinesView,
  servicesView,
  statusJson,
  statusView,
} from "./views.ts";

const QUERY_FLAGS = {
  ...HUB_FLAGS,
  json: { type: "boolean", summary: "Print JSON, with all that the hub sent." },
} as const;

/** What the hub says, asked with the token given, else the one kept for it. */
async function ask(
  { hub, token = "" }: FlagValues<typeof HUB_FLAGS>,
  { storedToken, fetch, clock }: ClientDeps,
): Promise<HubStatus> {
  const address = parseHubAddress(hub);
  const secret = token || await storedToken(address.wsUrl);
  return await fetchHubStatus(address, { token: secret, fetch, clock });
}

/** `tela machines`. */
export function machinesCommand(deps: ClientDeps): Command {
  return command({
    name: "machines",
    summary: "List the machines of a hub",
    description: "Asks the hub for the machines that the token may see, with their services and " +
      "the number of sessions now.",
    flags: {
      ...QUERY_FLAGS,
      identities: {
        type: "boolean",
        summary: "Show the fingerprint of each agent, as the hub claims it.",
      },
    },
    examples: [
      "tela machines -hub wss://hub.example.com",
      "tela machines -hub wss://hub.example.com -json",
    ],
    seeAlso: ["tela services", "tela status"],
    run: async ({ flags, io }) => {
      const status = await ask(flags, deps);
      io.stdout(flags.json ? machinesJson(status) : machinesView(status, flags));
    },
  });
}

/** `tela services`. */
export function servicesCommand(deps: ClientDeps): Command {
  return command({
    name: "services",
    summary: "List the services of a machine",
    description: "Asks the hub for the services that a machine's agent advertises, each with the " +
      "command that connects to it.",
    flags: {
      ...QUERY_FLAGS,
      machine: {
        type: "string",
        placeholder: "name",
        summary: "Machine to ask about.",
        env: "TELA_MACHINE",
        required: true,
      },
    },
    examples: ["tela services -hub wss://hub.example.com -machine barn"],
    seeAlso: ["tela machines", "tela connect"],
    run: async ({ flags, io }) => {
      const machine = findMachine(await ask(flags, deps), flags.machine);
      const { wsUrl } = parseHubAddress(flags.hub);
      io.stdout(flags.json ? formatJson(machine.raw) : servicesView(machine, { hubUrl: wsUrl }));
    },
  });
}

/** `tela status`. */
export function statusCommand(deps: ClientDeps): Command {
  return command({
    name: "status",
    summary: "Print a hub's state in five lines",
    description: "Asks the hub how many machines, services and sessions it has.",
    flags: QUERY_FLAGS,
    examples: ["tela status -hub wss://hub.example.com"],
    seeAlso: ["tela machines", "tela services"],
    run: async ({ flags, io }) => {
      const status = await ask(flags, deps);
      const { wsUrl } = parseHubAddress(flags.hub);
      io.stdout(flags.json ? statusJson(status) : statusView(status, { hubUrl: wsUrl }));
    },
  });
}

/** `-token`, else `TELA_OWNER_TOKEN`, else `TELA_TOKEN`. Spec: client.md 1.0 */
function ownerToken(token: string | undefined, io: Io): string {
  return token || io.env("TELA_TOKEN") || "";
}

/** `tela admin`: what an owner or administrator does to a hub. */
export function adminCommand(deps: ClientDeps): Command {
  const list = command({
    name: "list",
    summary: "List the agents of a hub",
    description:
      "Asks the hub for its agents, with their versions and the names of their services.",
    flags: {
      hub: HUB_FLAGS.hub,
      token: {
        ...HUB_FLAGS.token,
        summary: `Owner's token; TELA_TOKEN stands in. ${HUB_FLAGS.token.summary}`,
        env: "TELA_OWNER_TOKEN",
      },
      json: QUERY_FLAGS.json,
    },
    examples: ["tela admin agent list -hub wss://hub.example.com"],
    seeAlso: ["tela machines"],
    run: async ({ flags, io }) => {
      const token = ownerToken(flags.token, io);
      const status = await ask({ hub: flags.hub, token }, deps);
      io.stdout(flags.json ? machinesJson(status) : agentsView(status));
    },
  });
  const agent = command({ name: "agent", summary: "Manage agents", commands: [list] });
  return command({ name: "admin", summary: "Administer a hub", commands: [agent] });
}
