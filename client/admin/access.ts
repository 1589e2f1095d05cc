import {
  type Command,
  command,
  confirm,
  formatJson,
  formatTable,
  UsageError,
} from "../../core/cli/mod.ts";
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

const PERMISSIONS = ["register", "connect", "manage"];

/** What a hub says of itself when it knows grants of single services. Spec: client.md 1.3 */
const SERVICE_GRANTS = "per-service-access-control";

/** `alice`'s machines as one cell. Spec: client.md 1.3 */
function machinesCell(entry: JsonObject): string {
  const role = textOf(entry, "role");
  if (role === "owner" || role === "admin") return "* (all permissions)";
  const machines = objectsOf(entry, "machines").map((row) => {
    const services = textsOf(row, "services");
    const only = services.length === 0 ? "" : ` [${services.join(", ")}]`;
    return `${textOf(row, "machineId")}: ${textsOf(row, "permissions").join(", ")}${only}`;
  });
  if (machines.length > 0) return machines.join(" | ");
  return role === "viewer" ? "(view only)" : "(no permissions)";
}

function accessView(answer: JsonObject): string {
  const rows = objectsOf(answer, "access").map((entry) => [
    textOf(entry, "id"),
    textOf(entry, "role") || "user",
    machinesCell(entry),
  ]);
  return formatTable({ headings: ["IDENTITY", "ROLE", "MACHINES"], rows });
}

function parsePermissions(text: string): string[] {
  const words = text.split(",").map((word) => word.trim().toLowerCase()).filter(Boolean);
  const unknown = words.find((word) => !PERMISSIONS.includes(word));
  if (words.length === 0 || unknown !== undefined) {
    throw new UsageError(
      `Invalid permission "${unknown ?? text}": must be of ${PERMISSIONS.join(", ")}`,
    );
  }
  return [...new Set(words)];
}

/** A hub that does not know such grants would open all services instead. Spec: client.md 1.3 */
async function requireServiceGrants(api: JsonApi): Promise<void> {
  const answer = await api.request("GET", "/.well-known/tela");
  if (textsOf(answer, "capabilities").includes(SERVICE_GRANTS)) return;
  throw new ApiError(
    `Hub ${api.hub.httpUrl} does not support grants of single services: ` +
      "nothing was granted; update the hub, or leave -services out",
  );
}

function grantCommand(deps: AdminDeps): Command {
  return command({
    name: "grant",
    summary: "Give an identity permissions on a machine",
    description: "Replaces the identity's permissions on that machine. The machine * stands for " +
      "all, for connect and manage. With -services, connecting reaches those services only.",
    flags: {
      ...ADMIN_FLAGS,
      services: {
        type: "string",
        placeholder: "names",
        summary: "Services that connect is limited to, as ssh,web. Default: all.",
      },
    },
    positionals: [
      { name: "id", kind: "required" },
      { name: "machine", kind: "required" },
      { name: "permissions", kind: "required" },
    ],
    examples: [
      "tela admin access grant alice barn connect",
      "tela admin access grant alice barn connect,manage -services ssh",
    ],
    seeAlso: ["tela admin access revoke"],
    run: async ({ flags, args, io }) => {
      const [id, machine] = [argument(args, 0), argument(args, 1)];
      const permissions = parsePermissions(argument(args, 2));
      const services = (flags.services ?? "").split(",").map((s) => s.trim()).filter(Boolean);
      if (services.length > 0 && !permissions.includes("connect")) {
        throw new UsageError("Invalid -services: they limit connect, which is not granted");
      }
      const api = await adminApi(flags, { io, deps });
      if (services.length > 0) await requireServiceGrants(api);
      await api.request("PUT", pathOf("api", "admin", "access", id, "machines", machine), {
        permissions,
        ...(services.length === 0 ? {} : { services }),
      });
      const only = services.length === 0 ? "" : ` (services: ${services.join(", ")})`;
      io.stdout(`Granted ${permissions.join(", ")} on ${machine} to ${id}${only}\n`);
    },
  });
}

function revokeCommand(deps: AdminDeps): Command {
  return command({
    name: "revoke",
    summary: "Take all permissions on a machine from an identity",
    description: "Sessions that rest on them end at once.",
    flags: ADMIN_FLAGS,
    positionals: [{ name: "id", kind: "required" }, { name: "machine", kind: "required" }],
    examples: ["tela admin access revoke alice barn"],
    seeAlso: ["tela admin access grant", "tela admin tokens revoke"],
    run: async ({ flags, args, io }) => {
      const [id, machine] = [argument(args, 0), argument(args, 1)];
      const api = await adminApi(flags, { io, deps });
      await api.request("DELETE", pathOf("api", "admin", "access", id, "machines", machine));
      io.stdout(`Revoked all permissions of ${id} on ${machine}\n`);
    },
  });
}

function renameCommand(deps: AdminDeps): Command {
  return command({
    name: "rename",
    summary: "Give an identity another name",
    description: "Its token, permissions and sessions stay.",
    flags: ADMIN_FLAGS,
    positionals: [{ name: "id", kind: "required" }, { name: "new-id", kind: "required" }],
    examples: ["tela admin access rename alice alice-laptop"],
    run: async ({ flags, args, io }) => {
      const [id, newId] = [argument(args, 0), argument(args, 1)];
      const api = await adminApi(flags, { io, deps });
      await api.request("PATCH", pathOf("api", "admin", "access", id), { id: newId });
      io.stdout(`Renamed ${id} to ${newId}\n`);
    },
  });
}

/** `remove` and its short form, of `access` as of `tokens`: the same request. Spec: client.md 1.3 */
export function removeCommand(group: "access" | "tokens", { name = "remove", deps }: {
  name?: string;
  deps: AdminDeps;
}): Command {
  return command({
    name,
    summary: "Remove an identity with its token and all its permissions",
    description: "Its sessions end at once. To keep the permissions for a new token, use tela " +
      "admin rotate; to block it for a while, tela admin tokens revoke.",
    flags: { ...ADMIN_FLAGS, ...FORCE_FLAG },
    positionals: [{ name: "id", kind: "required" }],
    examples: [`tela admin ${group} ${name} alice`],
    run: async ({ flags, args, io }) => {
      const id = argument(args, 0);
      await confirm(io, {
        question: `Remove ${id} with its token and permissions?`,
        force: flags.force,
      });
      const api = await adminApi(flags, { io, deps });
      await api.request("DELETE", pathOf("api", "admin", "access", id));
      io.stdout(`Removed ${id}\n`);
    },
  });
}

/** `tela admin access`: who may do what. */
export function accessCommand(deps: AdminDeps): Command {
  return command({
    name: "access",
    summary: "Show who may do what, and change it",
    description: "Without a sub-command, lists every identity with its role and its permissions.",
    flags: { ...ADMIN_FLAGS, ...JSON_FLAG },
    examples: ["tela admin access -hub wss://hub.example.com", "tela admin access -json"],
    seeAlso: ["tela admin tokens"],
    commands: [
      grantCommand(deps),
      revokeCommand(deps),
      renameCommand(deps),
      removeCommand("access", { deps }),
    ],
    run: async ({ flags, io }) => {
      const api = await adminApi(flags, { io, deps });
      const answer = await api.request("GET", "/api/admin/access");
      io.stdout(flags.json ? formatJson(answer) : accessView(answer));
    },
  });
}
