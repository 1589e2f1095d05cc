import { type Command, command, confirm, printable } from "../../core/cli/mod.ts";
import { ADMIN_FLAGS, adminApi, type AdminDeps, FORCE_FLAG, textsOf } from "./context.ts";

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
  return command({ name: "hub", summary: "Manage the hub itself", commands: [logs, restart] });
}
