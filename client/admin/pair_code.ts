import { type Command, command, formatJson, printable, UsageError } from "../../core/cli/mod.ts";
import { ADMIN_FLAGS, adminApi, type AdminDeps, argument, JSON_FLAG, textOf } from "./context.ts";
import { parseLifetimeSeconds } from "./duration.ts";

const TYPES = ["connect", "register"];

/** `tela admin pair-code`. */
export function pairCodeCommand(deps: AdminDeps): Command {
  return command({
    name: "pair-code",
    summary: "Make a code that is exchanged for a token, once",
    description: "A connect code gives a person a token for machines; a register code gives an " +
      "agent the token that registers MACHINE. The code is short enough to be read out; it works " +
      "once, until it expires.",
    flags: {
      ...ADMIN_FLAGS,
      ...JSON_FLAG,
      type: {
        type: "string",
        placeholder: "type",
        summary: "connect or register.",
        default: "connect",
      },
      expires: {
        type: "string",
        placeholder: "time",
        summary: "Lifetime, as 10m, 1h or 2d; at most 7d.",
        default: "10m",
      },
      machines: {
        type: "string",
        placeholder: "names",
        summary: "Machines a connect code opens, as barn,shed or *. Default: MACHINE.",
      },
    },
    positionals: [{ name: "machine", kind: "required" }],
    examples: ["tela admin pair-code barn", "tela admin pair-code barn -type register -expires 1h"],
    seeAlso: ["tela pair", "telad pair"],
    run: async ({ flags, args, io }) => {
      const machine = argument(args, 0);
      if (!TYPES.includes(flags.type)) {
        throw new UsageError(`Invalid -type "${flags.type}": must be connect or register`);
      }
      const machines = (flags.machines ?? machine).split(",").map((m) => m.trim()).filter(Boolean);
      const expiresIn = parseLifetimeSeconds(flags.expires);
      const api = await adminApi(flags, { io, deps });
      const answer = await api.request("POST", "/api/admin/pair-code", {
        machineId: machine,
        type: flags.type,
        machines,
        expiresIn,
      });
      if (flags.json) return io.stdout(formatJson(answer));
      const code = printable(textOf(answer, "code"));
      const program = flags.type === "register" ? "telad" : "tela";
      const where = flags.type === "register"
        ? `the machine "${machine}"`
        : "the person's computer";
      io.stdout(
        `Generated pairing code: ${code}\nExpires: ${printable(textOf(answer, "expiresAt"))}\n\n` +
          `Run on ${where}:\n  ${program} pair -hub ${api.hub.wsUrl} -code ${code}\n`,
      );
    },
  });
}
