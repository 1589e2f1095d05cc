import {
  type Command,
  command,
  confirm,
  formatJson,
  formatTable,
  printable,
} from "../../core/cli/mod.ts";
import type { JsonObject } from "../../core/control/mod.ts";
import { pathOf } from "../../core/hub_api/mod.ts";
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

function portalsView(answer: JsonObject): string {
  const portals = objectsOf(answer, "portals");
  if (portals.length === 0) return "No portals configured.\n";
  const rows = portals.map((entry) => [
    textOf(entry, "name"),
    textOf(entry, "url"),
    entry.hasSyncToken === true ? "yes" : "no",
  ]);
  return formatTable({ headings: ["NAME", "URL", "SYNC TOKEN"], rows });
}

function listCommand(deps: AdminDeps): Command {
  return command({
    name: "list",
    summary: "List the portals that the hub is registered with",
    flags: { ...ADMIN_FLAGS, ...JSON_FLAG },
    examples: ["tela admin portals list"],
    run: async ({ flags, io }) => {
      const api = await adminApi(flags, { io, deps });
      const answer = await api.request("GET", "/api/admin/portals");
      io.stdout(flags.json ? formatJson(answer) : portalsView(answer));
    },
  });
}

function addCommand(deps: AdminDeps): Command {
  return command({
    name: "add",
    summary: "Register the hub with a portal",
    description: "The hub itself calls the portal, and keeps what the portal gives it in return; " +
      "the portal's credential is used once and not kept.",
    flags: {
      ...ADMIN_FLAGS,
      "portal-url": {
        type: "string",
        placeholder: "url",
        summary: "Address of the portal.",
        required: true,
      },
      "portal-token": {
        type: "string",
        placeholder: "token",
        summary: "Credential for the portal. Others on this computer can see a flag.",
        env: "TELA_PORTAL_TOKEN",
      },
      "hub-url": {
        type: "string",
        placeholder: "url",
        summary: "Address under which the portal reaches the hub. Default: that of -hub.",
      },
    },
    positionals: [{ name: "name", kind: "required" }],
    examples: ["tela admin portals add work -portal-url https://portal.example.com"],
    run: async ({ flags, args, io }) => {
      const api = await adminApi(flags, { io, deps });
      const portalToken = flags["portal-token"];
      const answer = await api.request("POST", "/api/admin/portals", {
        name: argument(args, 0),
        portalUrl: flags["portal-url"],
        hubUrl: flags["hub-url"] || api.hub.httpUrl,
        ...(portalToken && { portalToken }),
      });
      const what = textOf(answer, "status") === "updated" ? "Updated" : "Added";
      io.stdout(`${what} portal ${printable(textOf(answer, "name"))}\n`);
      if (answer.hasSyncToken !== true) io.stderr("The portal gave no sync token\n");
    },
  });
}

function removeCommand(name: string, deps: AdminDeps): Command {
  return command({
    name,
    summary: "Forget a portal; the portal itself is not told",
    flags: { ...ADMIN_FLAGS, ...FORCE_FLAG },
    positionals: [{ name: "name", kind: "required" }],
    examples: [`tela admin portals ${name} work`],
    run: async ({ flags, args, io }) => {
      const portal = argument(args, 0);
      await confirm(io, { question: `Remove portal ${portal}?`, force: flags.force });
      const api = await adminApi(flags, { io, deps });
      await api.request("DELETE", pathOf("api", "admin", "portals", portal));
      io.stdout(`Removed portal ${portal}\n`);
    },
  });
}

/** `tela admin portals`. */
export function portalsCommand(deps: AdminDeps): Command {
  return command({
    name: "portals",
    summary: "Manage the portals that list the hub",
    commands: [
      listCommand(deps),
      addCommand(deps),
      removeCommand("remove", deps),
      removeCommand("rm", deps),
    ],
  });
}
