import {
  type Command,
  command,
  type FlagValues,
  formatJson,
  printable,
  UsageError,
} from "../../core/cli/mod.ts";
import type { JsonObject } from "../../core/control/mod.ts";
import { credentialKey } from "../../core/credentials/mod.ts";
import { isFingerprint } from "../../core/identity/mod.ts";
import { shellWord } from "../hub/mod.ts";
import { ADMIN_FLAGS, adminApi, type AdminDeps, argument, JSON_FLAG, textOf } from "./context.ts";
import { parseLifetimeSeconds } from "./duration.ts";

const TYPES = ["connect", "register"];

const FLAGS = {
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
  fingerprint: {
    type: "string",
    placeholder: "SHA256:…",
    summary:
      "Identity of MACHINE's agent, which the code then vouches for. Default: the known one.",
  },
} as const;

/** What a code is to be good for. */
interface Wanted {
  readonly type: string;
  readonly machine: string;
  readonly machines: readonly string[];
  readonly expiresIn: number;
}

/** @throws {UsageError} at the first flag that is wrong */
function readFlags(flags: FlagValues<typeof FLAGS>, machine: string): Wanted {
  const { type, expires, fingerprint } = flags;
  if (!TYPES.includes(type)) {
    throw new UsageError(`Invalid -type "${type}": must be connect or register`);
  }
  if (fingerprint !== undefined && !isFingerprint(fingerprint)) {
    throw new UsageError(`Invalid -fingerprint "${fingerprint}": telad -fingerprint prints it`);
  }
  const machines = (flags.machines ?? machine).split(",").map((m) => m.trim()).filter(Boolean);
  return { type, machine, machines, expiresIn: parseLifetimeSeconds(expires) };
}

/** The identity that this user knows of the one machine that a code is for. */
async function knownFingerprint(
  { type, machine, machines }: Wanted,
  { hubUrl, deps }: { hubUrl: string; deps: AdminDeps },
): Promise<string | undefined> {
  if (type !== "connect" || machines.length !== 1 || machines[0] !== machine) return undefined;
  const name = { hub: credentialKey(hubUrl), machine };
  return (await deps.knownAgents()?.find(name))?.fingerprint;
}

/** The code, and the line that redeems it. */
function codeView(
  answer: JsonObject,
  { wanted, hubUrl, fingerprint }: {
    wanted: Wanted;
    hubUrl: string;
    fingerprint: string | undefined;
  },
): string {
  const { type, machine } = wanted;
  const code = printable(textOf(answer, "code"));
  const program = type === "register" ? "telad" : "tela";
  const where = type === "register" ? `the machine "${machine}"` : "the person's computer";
  // By this line, which does not pass through the hub, the person can tell the agent from a hub that
  // plays it.
  const agent = fingerprint === undefined
    ? ""
    : ` -agent ${shellWord(`${machine}=${fingerprint}`)}`;
  return `Generated pairing code: ${code}\nExpires: ${printable(textOf(answer, "expiresAt"))}\n\n` +
    `Run on ${where}:\n  ${program} pair -hub ${hubUrl} -code ${code}${agent}\n`;
}

/** `tela admin pair-code`. */
export function pairCodeCommand(deps: AdminDeps): Command {
  return command({
    name: "pair-code",
    summary: "Make a code that is exchanged for a token, once",
    description: "A connect code gives a person a token for machines; a register code gives an " +
      "agent the token that registers MACHINE. The code is short enough to be read out; it works " +
      "once, until it expires.",
    flags: FLAGS,
    positionals: [{ name: "machine", kind: "required" }],
    examples: ["tela admin pair-code barn", "tela admin pair-code barn -type register -expires 1h"],
    seeAlso: ["tela pair", "telad pair", "tela admin pair-codes"],
    run: async ({ flags, args, io }) => {
      const wanted = readFlags(flags, argument(args, 0));
      const api = await adminApi(flags, { io, deps });
      const hubUrl = api.hub.wsUrl;
      const fingerprint = flags.fingerprint ?? await knownFingerprint(wanted, { hubUrl, deps });
      const { type, machine, machines, expiresIn } = wanted;
      const answer = await api.request("POST", "/api/admin/pair-code", {
        ...{ machineId: machine, type, machines: [...machines], expiresIn },
        ...(fingerprint && { fingerprint }),
      });
      const view = codeView(answer, { wanted, hubUrl, fingerprint });
      io.stdout(flags.json ? formatJson(answer) : view);
    },
  });
}
