import { type Command, command, formatJson } from "../core/cli/mod.ts";
import { parseHubAddress } from "../core/hub_api/mod.ts";
import { findMachine } from "./connect_plan.ts";
import type { ClientDeps } from "./deps.ts";
import { askHub, HUB_FLAGS, machinesJson, machinesView, servicesView } from "./hub/mod.ts";

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
