import { type Command, command, type FlagValues, formatJson } from "../core/cli/mod.ts";
import { findMachine } from "./connect_plan.ts";
import type { ClientDeps } from "./deps.ts";
import { parseHubAddress } from "./hub_address.ts";
import { fetchHubStatus } from "./hub_api.ts";
import { HUB_FLAGS } from "./hub_flags.ts";
import type { HubStatus } from "./hub_status.ts";
import { machinesJson, machinesView, servicesView, statusJson, statusView } from "./views.ts";

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
    flags: QUERY_FLAGS,
    examples: [
      "tela machines -hub wss://hub.example.com",
      "tela machines -hub wss://hub.example.com -json",
    ],
    seeAlso: ["tela services", "tela status"],
    run: async ({ flags, io }) => {
      const status = await ask(flags, deps);
      io.stdout(flags.json ? machinesJson(status) : machinesView(status));
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
