import { type Command, command, formatJson, type Io } from "../core/cli/mod.ts";
import { findMachine } from "./connect_plan.ts";
import type { ClientDeps } from "./deps.ts";
import {
  agentsView,
  askHub,
  HUB_FLAGS,
  machinesJson,
  machinesView,
  parseHubAddress,
  servicesView,
} from "./hub/mod.ts";

const QUERY_FLAGS = {
  ...HUB_FLAGS,
  json: { type: "boolean", summary: "Print JSON, with all that the hub sent." },
} as const;

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
      const status = await askHub(flags, deps);
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
      const machine = findMachine(await askHub(flags, deps), flags.machine);
      const { wsUrl } = parseHubAddress(flags.hub);
      io.stdout(flags.json ? formatJson(machine.raw) : servicesView(machine, { hubUrl: wsUrl }));
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
      const status = await askHub({ hub: flags.hub, token }, deps);
      io.stdout(flags.json ? machinesJson(status) : agentsView(status));
    },
  });
  const agent = command({ name: "agent", summary: "Manage agents", commands: [list] });
  return command({ name: "admin", summary: "Administer a hub", commands: [agent] });
}
