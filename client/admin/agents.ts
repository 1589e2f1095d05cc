import {
  type Command,
  command,
  confirm,
  formatJson,
  printable,
  UsageError,
} from "../../core/cli/mod.ts";
import {
  isJsonObject,
  type Json,
  type JsonObject,
  parseJsonObject,
} from "../../core/control/mod.ts";
import { ApiError, type ApiMethod, type JsonApi, pathOf } from "../../core/hub_api/mod.ts";
import { agentsView, fetchHubStatus, machinesJson } from "../hub/mod.ts";
import { type Channel, channelCommands } from "./channels.ts";
import {
  ADMIN_FLAGS,
  adminApi,
  type AdminDeps,
  AGENT_FLAGS,
  argument,
  FORCE_FLAG,
  JSON_FLAG,
  textOf,
  textsOf,
} from "./context.ts";

/** What is asked of an agent. */
interface AgentRequest {
  method: ApiMethod;
  machine: string;
  action: string;
  payload?: Json;
}

/**
 * Asks an agent, through the hub, and gives what its answer carries. The hub passes a refusal on as a
 * success of its own.
 *
 * Spec: client.md 1.3 (agent envelope)
 *
 * @throws {ApiError} if the agent could not be asked, or refused
 */
async function askAgent(api: JsonApi, request: AgentRequest): Promise<JsonObject> {
  const { method, machine, action, payload } = request;
  const path = pathOf("api", "admin", "agents", machine, action);
  const envelope = await api.request(method, path, payload);
  if (envelope.ok !== true) {
    const message = textOf(envelope, "message") || "the agent refused without a reason";
    throw new ApiError(`Agent of "${machine}": ${message}`);
  }
  const result = envelope.payload;
  return isJsonObject(result) ? result : envelope;
}

function listCommand(deps: AdminDeps): Command {
  return command({
    name: "list",
    summary: "List the agents of a hub",
    description:
      "Asks the hub for its agents, with their versions and the names of their services.",
    flags: { ...ADMIN_FLAGS, ...JSON_FLAG },
    examples: ["tela admin agent list -hub wss://hub.example.com"],
    seeAlso: ["tela machines"],
    run: async ({ flags, io }) => {
      const api = await adminApi(flags, { io, deps });
      const status = await fetchHubStatus(api.hub, { ...deps, token: api.token });
      io.stdout(flags.json ? machinesJson(status) : agentsView(status));
    },
  });
}

function configCommand(deps: AdminDeps): Command {
  return command({
    name: "config",
    summary: "Print an agent's configuration, without secrets",
    flags: AGENT_FLAGS,
    examples: ["tela admin agent config -machine barn"],
    seeAlso: ["tela admin agent set"],
    run: async ({ flags, io }) => {
      const api = await adminApi(flags, { io, deps });
      const { machine } = flags;
      io.stdout(formatJson(await askAgent(api, { method: "GET", machine, action: "config-get" })));
    },
  });
}

function setCommand(deps: AdminDeps): Command {
  return command({
    name: "set",
    summary: "Change an agent's configuration of a machine",
    description: "FIELDS is a JSON object of what is to change, as it stands in telad.yaml. The " +
      "agent checks all of it before it changes anything. Ports and services act after a restart.",
    flags: AGENT_FLAGS,
    positionals: [{ name: "fields", kind: "required" }],
    examples: [`tela admin agent set -machine barn '{"location":"garage","tags":["lab"]}'`],
    seeAlso: ["tela admin agent config", "tela admin agent restart"],
    run: async ({ flags, args, io }) => {
      const { machine } = flags;
      const payload = { machine, fields: parseFields(argument(args, 0)) };
      const api = await adminApi(flags, { io, deps });
      await askAgent(api, { method: "POST", machine, action: "config-set", payload });
      io.stdout(`Changed the configuration of ${machine}\n`);
    },
  });
}

function parseFields(text: string): JsonObject {
  const fields = parseJsonObject(text);
  if (fields !== undefined) return fields;
  throw new UsageError(`Invalid fields: must be a JSON object, as '{"location":"garage"}'`);
}

function logsCommand(deps: AdminDeps): Command {
  return command({
    name: "logs",
    summary: "Print the last lines of an agent's log",
    flags: {
      ...AGENT_FLAGS,
      n: { type: "number", summary: "How many lines.", default: 100, min: 1, max: 1000 },
    },
    examples: ["tela admin agent logs -machine barn -n 20"],
    seeAlso: ["tela admin hub logs"],
    run: async ({ flags, io }) => {
      const { machine, n } = flags;
      const api = await adminApi(flags, { io, deps });
      const payload = { lines: n };
      const result = await askAgent(api, { method: "POST", machine, action: "logs", payload });
      for (const line of textsOf(result, "lines")) io.stdout(`${printable(line)}\n`);
    },
  });
}

function restartCommand(deps: AdminDeps): Command {
  return command({
    name: "restart",
    summary: "Restart an agent",
    description: "Its sessions end; clients come back by themselves.",
    flags: { ...AGENT_FLAGS, ...FORCE_FLAG },
    examples: ["tela admin agent restart -machine barn"],
    run: async ({ flags, io }) => {
      const { machine } = flags;
      await confirm(io, { question: `Restart the agent of ${machine}?`, force: flags.force });
      const api = await adminApi(flags, { io, deps });
      await askAgent(api, { method: "POST", machine, action: "restart" });
      io.stdout(`${machine}: restarting\n`);
    },
  });
}

/** Release channel and updates of an agent. Spec: client.md 1.3, agent.md 7 */
function agentChannel(api: JsonApi, machine: string): Channel {
  const ask = async (action: string, payload?: Json) =>
    await askAgent(api, {
      method: "POST",
      machine,
      action,
      ...(payload !== undefined && { payload }),
    });
  return {
    label: machine,
    status: () => ask("update-status"),
    set: (change) => ask("update-channel", change),
    sources: () => ask("channel-sources-list"),
    setSource: async (name, base) => void await ask("channel-sources-set", { name, base }),
    removeSource: async (name) => void await ask("channel-sources-remove", { name }),
    update: (version) => ask("update", version === undefined ? null : { version }),
  };
}

/** `tela admin agent`: management of agents through the hub. */
export function agentCommand(deps: AdminDeps): Command {
  return command({
    name: "agent",
    summary: "Manage agents",
    commands: [
      listCommand(deps),
      configCommand(deps),
      setCommand(deps),
      logsCommand(deps),
      restartCommand(deps),
      ...channelCommands({
        words: "tela admin agent",
        flags: AGENT_FLAGS,
        open: async (flags, io) =>
          agentChannel(await adminApi(flags, { io, deps }), flags.machine ?? ""),
      }),
    ],
  });
}
