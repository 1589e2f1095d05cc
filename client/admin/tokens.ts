import {
  type Command,
  command,
  confirm,
  formatJson,
  formatTable,
  type Io,
} from "../../core/cli/mod.ts";
import type { JsonObject } from "../../core/control/mod.ts";
import { pathOf } from "../../core/hub_api/mod.ts";
import { removeCommand } from "./access.ts";
import {
  ADMIN_FLAGS,
  adminApi,
  type AdminDeps,
  argument,
  FORCE_FLAG,
  JSON_FLAG,
  objectsOf,
  textOf,
} from "./context.ts";
import { parseExpiry } from "./duration.ts";

function stateOf(entry: JsonObject, nowMs: number): string {
  if (textOf(entry, "revokedAt") !== "") return "revoked";
  const expiresAt = textOf(entry, "expiresAt");
  return expiresAt !== "" && Date.parse(expiresAt) < nowMs ? "expired" : "active";
}

function tokensView(answer: JsonObject, nowMs: number): string {
  const rows = objectsOf(answer, "tokens").map((entry) => [
    textOf(entry, "id"),
    textOf(entry, "role") || "user",
    stateOf(entry, nowMs),
    textOf(entry, "expiresAt") || "-",
    textOf(entry, "issuedAt") || "-",
    textOf(entry, "tokenPreview"),
  ]);
  const headings = ["ID", "ROLE", "STATUS", "EXPIRES", "ISSUED", "TOKEN PREVIEW"];
  return formatTable({ headings, rows });
}

function showToken(io: Io, label: string, answer: JsonObject): void {
  io.stdout(`  ${label}: ${textOf(answer, "token")}\n`);
  io.stderr("Keep it now: the hub does not show it again\n");
}

function listCommand(deps: AdminDeps): Command {
  return command({
    name: "list",
    summary: "List the tokens of a hub, without their secrets",
    flags: { ...ADMIN_FLAGS, ...JSON_FLAG },
    examples: ["tela admin tokens list", "tela admin tokens list -json"],
    run: async ({ flags, io }) => {
      const api = await adminApi(flags, { io, deps });
      const answer = await api.request("GET", "/api/admin/tokens");
      io.stdout(flags.json ? formatJson(answer) : tokensView(answer, deps.clock.wallMs()));
    },
  });
}

function addCommand(deps: AdminDeps): Command {
  return command({
    name: "add",
    summary: "Make an identity with a new token",
    description: "Prints the token, once. Without -role it is a user, who may do nothing before " +
      "tela admin access grant.",
    flags: {
      ...ADMIN_FLAGS,
      role: { type: "string", placeholder: "role", summary: "owner or admin. Default: user." },
      expires: {
        type: "string",
        placeholder: "when",
        summary: "When the token ends, as 30d, 2w, 1y or 2027-01-31T12:00:00Z. Default: never.",
      },
    },
    positionals: [{ name: "id", kind: "required" }],
    examples: ["tela admin tokens add alice", "tela admin tokens add bob -role admin -expires 90d"],
    seeAlso: ["tela admin access grant", "tela admin pair-code"],
    run: async ({ flags, args, io }) => {
      const { role, expires } = flags;
      const api = await adminApi(flags, { io, deps });
      const answer = await api.request("POST", "/api/admin/tokens", {
        id: argument(args, 0),
        ...(role === undefined || role === "user" ? {} : { role }),
        ...(expires && { expiresAt: parseExpiry(expires, deps.clock.wallMs()) }),
      });
      io.stdout(`Added ${textOf(answer, "id")} (${textOf(answer, "role") || "user"})\n`);
      showToken(io, "Token", answer);
    },
  });
}

/** `tela admin rotate`, also below `tokens`. Spec: client.md 1.3 */
export function rotateCommand(deps: AdminDeps): Command {
  return command({
    name: "rotate",
    summary: "Give an identity a new token in place of the old",
    description: "Prints the new token, once. The old one ends at once, with all that rests on " +
      "it; role and permissions stay. A revoked identity is valid again.",
    flags: ADMIN_FLAGS,
    positionals: [{ name: "id", kind: "required" }],
    examples: ["tela admin rotate alice"],
    seeAlso: ["tela admin tokens revoke"],
    run: async ({ flags, args, io }) => {
      const id = argument(args, 0);
      const api = await adminApi(flags, { io, deps });
      const answer = await api.request("POST", pathOf("api", "admin", "rotate", id));
      io.stdout(`Rotated the token of ${id}\n`);
      showToken(io, "New token", answer);
    },
  });
}

function revokeCommand(deps: AdminDeps): Command {
  return command({
    name: "revoke",
    summary: "Block an identity's token, keeping its permissions",
    description: "Its sessions end at once. tela admin rotate makes it valid again, with a new " +
      "token.",
    flags: { ...ADMIN_FLAGS, ...FORCE_FLAG },
    positionals: [{ name: "id", kind: "required" }],
    examples: ["tela admin tokens revoke alice"],
    seeAlso: ["tela admin rotate", "tela admin tokens remove"],
    run: async ({ flags, args, io }) => {
      const id = argument(args, 0);
      await confirm(io, { question: `Revoke the token of ${id}?`, force: flags.force });
      const api = await adminApi(flags, { io, deps });
      const answer = await api.request("POST", pathOf("api", "admin", "tokens", id, "revoke"));
      const already = textOf(answer, "status") === "already-revoked" ? "was revoked already" : "";
      const at = textOf(answer, "revokedAt");
      io.stdout(`Token of ${id} ${already || "revoked"}${at && `, at ${at}`}\n`);
    },
  });
}

/** `tela admin tokens`. */
export function tokensCommand(deps: AdminDeps): Command {
  return command({
    name: "tokens",
    summary: "Manage the tokens of a hub",
    commands: [
      listCommand(deps),
      addCommand(deps),
      rotateCommand(deps),
      revokeCommand(deps),
      removeCommand("tokens", { deps }),
      removeCommand("tokens", { name: "rm", deps }),
    ],
  });
}
