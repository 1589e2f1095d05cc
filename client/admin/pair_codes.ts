import { type Command, command, confirm, formatJson, formatTable } from "../../core/cli/mod.ts";
import type { JsonObject } from "../../core/control/mod.ts";
import { ApiError, type JsonApi, pathOf } from "../../core/hub_api/mod.ts";
import {
  ADMIN_FLAGS,
  adminApi,
  type AdminDeps,
  argument,
  FORCE_FLAG,
  JSON_FLAG,
  objectsOf,
  textOf,
  textsOf,
} from "./context.ts";

function codesView(answer: JsonObject): string {
  const codes = objectsOf(answer, "codes");
  if (codes.length === 0) return "No pairing codes are open.\n";
  const rows = codes.map((code) => [
    textOf(code, "id"),
    textOf(code, "type"),
    textsOf(code, "machines").join(", "),
    textOf(code, "role"),
    textOf(code, "createdBy") || "-",
    textOf(code, "expiresAt"),
  ]);
  return formatTable({
    headings: ["ID", "TYPE", "MACHINES", "ROLE", "CREATED BY", "EXPIRES"],
    rows,
  });
}

/** @throws {ApiError} that says so if the hub is one that cannot tell */
async function openCodes(api: JsonApi): Promise<JsonObject> {
  try {
    return await api.request("GET", "/api/admin/pair-codes");
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 404) throw error;
    const message = `Hub ${api.hub.httpUrl} does not list pairing codes: leave them to expire`;
    throw new ApiError(message, { cause: error, status: 404 });
  }
}

function removeCommand(name: string, deps: AdminDeps): Command {
  return command({
    name,
    summary: "Withdraw a code, so that nobody can redeem it",
    flags: { ...ADMIN_FLAGS, ...FORCE_FLAG },
    positionals: [{ name: "id", kind: "required" }],
    examples: [`tela admin pair-codes ${name} 3f9a07c15e20`],
    run: async ({ flags, args, io }) => {
      const id = argument(args, 0);
      await confirm(io, { question: `Withdraw the pairing code ${id}?`, force: flags.force });
      const api = await adminApi(flags, { io, deps });
      await api.request("DELETE", pathOf("api", "admin", "pair-codes", id));
      io.stdout(`Withdrew pairing code ${id}\n`);
    },
  });
}

/** `tela admin pair-codes`: those that wait to be redeemed. An addition of ours. */
export function pairCodesCommand(deps: AdminDeps): Command {
  return command({
    name: "pair-codes",
    summary: "List the pairing codes that wait to be redeemed, and withdraw them",
    description: "Codes themselves are shown once, when they are made; here each has an id.",
    flags: { ...ADMIN_FLAGS, ...JSON_FLAG },
    examples: ["tela admin pair-codes", "tela admin pair-codes -json"],
    seeAlso: ["tela admin pair-code"],
    commands: [removeCommand("remove", deps), removeCommand("rm", deps)],
    run: async ({ flags, io }) => {
      const api = await adminApi(flags, { io, deps });
      const answer = await openCodes(api);
      io.stdout(flags.json ? formatJson(answer) : codesView(answer));
    },
  });
}
