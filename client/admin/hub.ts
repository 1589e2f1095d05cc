import { type Command, command, confirm, printable } from "../../core/cli/mod.ts";
import { type JsonApi, pathOf } from "../../core/hub_api/mod.ts";
import {
  type Channel,
  channelCommands,
  type ChannelFamily,
  channelStatusCommand,
} from "./channels.ts";
import { ADMIN_FLAGS, adminApi, type AdminDeps, FORCE_FLAG, textsOf } from "./context.ts";

/** Release channel and updates of a hub. Spec: client.md 1.3, hub-api.md 1.6 */
function hubChannel(api: JsonApi): Channel {
  const path = "/api/admin/update";
  const pathOfSource = (name: string) => pathOf("api", "admin", "update", "sources", name);
  return {
    label: api.hub.wsUrl,
    status: () => api.request("GET", path),
    set: (change) => api.request("PATCH", path, change),
    sources: () => api.request("GET", `${path}/sources`),
    setSource: async (name, base) => void await api.request("PUT", pathOfSource(name), { base }),
    removeSource: async (name) => void await api.request("DELETE", pathOfSource(name)),
    update: (version) => api.request("POST", path, version === undefined ? null : { version }),
  };
}

/** `tela admin hub`: the hub's own log and life. */
export function hubCommand(deps: AdminDeps): Command {
  const logs = command({
    name: "logs",
    summary: "Print the last lines of the hub's log",
    flags: {
      ...ADMIN_FLAGS,
      n: { type: "number", summary: "How many lines.", default: 100, min: 1, max: 1000 },
    },
    examples: ["tela admin hub logs -n 20"],
    seeAlso: ["tela admin agent logs", "tela admin audit list"],
    run: async ({ flags, io }) => {
      const api = await adminApi(flags, { io, deps });
      const answer = await api.request("GET", `/api/admin/logs?lines=${flags.n}`);
      for (const line of textsOf(answer, "lines")) io.stdout(`${printable(line)}\n`);
    },
  });
  const restart = command({
    name: "restart",
    summary: "Restart the hub",
    description: "Agents and clients lose it for a moment and come back by themselves.",
    flags: { ...ADMIN_FLAGS, ...FORCE_FLAG },
    examples: ["tela admin hub restart"],
    run: async ({ flags, io }) => {
      const api = await adminApi(flags, { io, deps });
      await confirm(io, { question: `Restart the hub ${api.hub.httpUrl}?`, force: flags.force });
      await api.request("POST", "/api/admin/restart");
      io.stdout(`${api.hub.httpUrl}: restarting\n`);
    },
  });
  const family: ChannelFamily = {
    words: "tela admin hub",
    flags: ADMIN_FLAGS,
    open: async (flags, io) => hubChannel(await adminApi(flags, { io, deps })),
  };
  const status = channelStatusCommand(family, { name: "status" });
  return command({
    name: "hub",
    summary: "Manage the hub itself",
    commands: [status, logs, restart, ...channelCommands(family)],
  });
}
