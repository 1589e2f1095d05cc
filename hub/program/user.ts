import {
  type Command,
  command,
  confirm,
  formatJson,
  formatTable,
  type Io,
  UsageError,
} from "../../core/cli/mod.ts";
import { systemClock, systemRandom } from "../../core/clock/mod.ts";
import {
  addIdentity,
  addPermissions,
  consoleToken,
  isValid,
  type Operation,
  type Permission,
  PERMISSIONS,
  removeIdentity,
  removePermissions,
  rotateIdentity,
  tokenView,
} from "../access/mod.ts";
import { isName, NAME_RULE } from "../admin/mod.ts";
import { bootstrap, CONSOLE_VIEWER, newToken, type Role, type TokenEntry } from "../config/mod.ts";
import { CONFIG_FLAG, openToEdit } from "./config_path.ts";
import { editAccess, EFFECT, hostOf, settle } from "./edit.ts";

const ID = { name: "id", kind: "required" } as const;
const MACHINE = { name: "machine", kind: "required" } as const;
const PERMISSION = { name: "permission", kind: "variadic" } as const;

const WITHOUT_CONFIG = `Without -config, data/telahubd.yaml is changed if it exists, as that is what
a hub started here uses, else the system's telahubd.yaml.`;

/** Identities there are, in the order of the file. @throws ConfigError */
async function identitiesOf(config: string | undefined, io: Io): Promise<readonly TokenEntry[]> {
  return (await openToEdit(config, hostOf(io))).config.auth.tokens;
}

/** Roles that a new identity may have, as the flag names them. */
function roleOf(name: string | undefined): Role {
  if (name === undefined || name === "") return "user";
  if (name === "owner" || name === "admin") return name;
  throw new UsageError(`-role must be owner or admin, or left out for a user: ${name}`);
}

function permissionsOf(words: readonly string[]): readonly Permission[] {
  const isPermission = (word: string): word is Permission =>
    PERMISSIONS.some((permission) => permission === word);
  const unknown = words.find((word) => !isPermission(word));
  if (unknown !== undefined) {
    throw new UsageError(`A permission must be one of ${PERMISSIONS.join(", ")}: ${unknown}`);
  }
  return words.length === 0 ? ["connect"] : words.filter(isPermission);
}

/** @throws UsageError if a name is one that tables and logs cannot show */
function namesOf(args: readonly string[]): readonly [string, string] {
  const names = args.slice(0, 2);
  const bad = names.find((name) => !isName(name));
  if (bad !== undefined) throw new UsageError(`A name must have ${NAME_RULE}`);
  return [names[0] ?? "", names[1] ?? ""];
}

const bootstrapCommand = command({
  name: "bootstrap",
  summary: "Make the first owner, and the identity of the console",
  description: `Prints the owner's token, which is shown this once. TELA_OWNER_TOKEN sets it
instead. Refused if there are identities already. ${WITHOUT_CONFIG}`,
  flags: CONFIG_FLAG,
  examples: ["telahubd user bootstrap -config /etc/tela/telahubd.yaml"],
  seeAlso: ["telahubd user show-owner", "telahubd service install"],
  run: async ({ flags, io }) => {
    const file = await openToEdit(flags.config, hostOf(io));
    if (file.config.auth.tokens.length > 0) {
      const hint = 'run "telahubd user show-owner" to see the owner\'s token';
      throw new Error(`${file.path} has identities already; ${hint}`);
    }
    const ownerToken = io.env("TELA_OWNER_TOKEN");
    bootstrap(file, { random: systemRandom, ownerToken, effective: file.config });
    await file.save();
    await settle(file, io);
    const token = file.config.auth.tokens.find(({ role }) => role === "owner")?.token ?? "";
    io.stdout(`Configuration: ${file.path}\nOwner token: ${token}\n`);
  },
});

const list = command({
  name: "list",
  summary: "List the identities",
  flags: { ...CONFIG_FLAG, json: { type: "boolean", summary: "Print JSON." } },
  examples: ["telahubd user list", "telahubd user list -json"],
  seeAlso: ["tela admin access"],
  run: async ({ flags, io }) => {
    const views = (await identitiesOf(flags.config, io)).map(tokenView);
    if (flags.json) return io.stdout(formatJson(views));
    if (views.length === 0) return io.stdout("No identities: run telahubd user bootstrap.\n");
    const rows = views.map(({ id, role, tokenPreview }) => [id, role, tokenPreview]);
    io.stdout(formatTable({ headings: ["ID", "ROLE", "TOKEN (first 8)"], rows }));
  },
});

const showOwner = command({
  name: "show-owner",
  summary: "Print the token of the first owner, and nothing else",
  flags: CONFIG_FLAG,
  examples: ["telahubd user show-owner -config data/telahubd.yaml"],
  run: async ({ flags, io }) => {
    const owners = (await identitiesOf(flags.config, io)).filter(({ role }) => role === "owner");
    const owner = owners.find((entry) => isValid(entry, systemClock.wallMs())) ?? owners[0];
    if (owner === undefined) throw new Error("No owner: run telahubd user bootstrap");
    io.stdout(`${owner.token}\n`);
  },
});

const showViewer = command({
  name: "show-viewer",
  summary: "Print the token that the console looks at the hub with, and nothing else",
  flags: CONFIG_FLAG,
  examples: ["telahubd user show-viewer"],
  run: async ({ flags, io }) => {
    const identities = await identitiesOf(flags.config, io);
    const wallMs = systemClock.wallMs();
    const token = consoleToken(identities, { id: CONSOLE_VIEWER, wallMs }) ??
      identities.find((entry) => entry.role === "viewer" && isValid(entry, wallMs))?.token;
    if (token === undefined) {
      const hint =
        `start the hub once, which makes one, or "telahubd user rotate ${CONSOLE_VIEWER}"`;
      throw new Error(`No viewer with a valid token: ${hint}`);
    }
    io.stdout(`${token}\n`);
  },
});

/** An identity that is the first to come must be an owner, or there would never be one. */
function withOwner<T>(role: Role, operation: Operation<T>): Operation<T> {
  return (state) => {
    if (state.auth.tokens.length > 0 || role === "owner") return operation(state);
    const message = "there is no owner yet; run telahubd user bootstrap first";
    return { done: false, state, refusal: { code: "last-owner", message } };
  };
}

const add = command({
  name: "add",
  summary: "Add an identity and print its token, once",
  description: `It may do nothing but what it is granted, unless it has a role. ${EFFECT}

${WITHOUT_CONFIG}`,
  flags: {
    ...CONFIG_FLAG,
    role: { type: "string", summary: "owner or admin; none for a user.", placeholder: "role" },
  },
  positionals: [ID],
  examples: ["telahubd user add alice", "telahubd user add bob -role admin"],
  seeAlso: ["telahubd user grant", "tela admin tokens add"],
  run: async ({ flags, args, io }) => {
    const [id] = namesOf(args);
    const role = roleOf(flags.role);
    const token = newToken(systemRandom);
    const wallMs = systemClock.wallMs();
    const operation: Operation<unknown> = (state) =>
      addIdentity(state, { id, role, token, wallMs });
    await editAccess(withOwner(role, operation), { ...flags, io });
    io.stdout(`  Token: ${token}\n`);
  },
});

const remove = command({
  name: "remove",
  summary: "Remove an identity and all that it was granted",
  description: `Its sessions end. The last owner cannot be removed. ${EFFECT}`,
  flags: {
    ...CONFIG_FLAG,
    force: { type: "boolean", summary: "Do not ask, also at a terminal." },
  },
  positionals: [ID],
  examples: ["telahubd user remove alice -force"],
  run: async ({ flags, args, io }) => {
    const id = args[0] ?? "";
    await confirm(io, { question: `Remove identity ${id}?`, force: flags.force });
    const wallMs = systemClock.wallMs();
    await editAccess((state) => removeIdentity(state, { id, wallMs }), { ...flags, io });
  },
});

const grant = command({
  name: "grant",
  summary: "Let an identity do something with a machine, or with all (*)",
  description: `Permissions are register, connect and manage; connect if none is given. One
identity alone holds register on a machine, besides owners and admins: it passes
from whoever had it. The machine need not exist yet. ${EFFECT}`,
  flags: CONFIG_FLAG,
  positionals: [ID, MACHINE, PERMISSION],
  examples: ["telahubd user grant alice barn", "telahubd user grant barn-agent barn register"],
  seeAlso: ["telahubd user revoke", "tela admin access grant"],
  run: async ({ flags, args, io }) => {
    const [id, machine] = namesOf(args);
    const permissions = permissionsOf(args.slice(2));
    const { added } = await editAccess(
      (state) => addPermissions(state, { id, machine, permissions }),
      { ...flags, io },
    );
    if (added.length > 0) return;
    io.stdout(`${id} may ${permissions.join(" and ")} on ${machine} already\n`);
  },
});

const revoke = command({
  name: "revoke",
  summary: "Take back what an identity may do with a machine",
  description: `Takes back connect if no permission is given; sessions that are no longer allowed
end. ${EFFECT}`,
  flags: CONFIG_FLAG,
  positionals: [ID, MACHINE, PERMISSION],
  examples: ["telahubd user revoke alice barn", "telahubd user revoke alice barn connect manage"],
  seeAlso: ["telahubd user grant", "telahubd user remove"],
  run: async ({ flags, args, io }) => {
    const [id = "", machine = ""] = args;
    const permissions = permissionsOf(args.slice(2));
    await editAccess(
      (state) => removePermissions(state, { id, machine, permissions }),
      { ...flags, io },
    );
  },
});

const rotate = command({
  name: "rotate",
  summary: "Give an identity a new token and print it, once",
  description: `The old token is no longer valid, and its sessions end; role, grants and
expiry stay. An identity that was revoked is valid again. ${EFFECT}`,
  flags: CONFIG_FLAG,
  positionals: [ID],
  examples: ["telahubd user rotate alice"],
  run: async ({ flags, args, io }) => {
    const id = args[0] ?? "";
    const token = newToken(systemRandom);
    const wallMs = systemClock.wallMs();
    await editAccess((state) => rotateIdentity(state, { id, token, wallMs }), { ...flags, io });
    io.stdout(`  New token: ${token}\n`);
  },
});

/** `telahubd user`. Spec: hub-api.md 6 (user) */
export const user: Command = command({
  name: "user",
  summary: "Manage identities on the hub's own machine",
  description: `Works on the configuration file, whether a hub runs or not. ${WITHOUT_CONFIG}`,
  commands: [bootstrapCommand, list, showOwner, showViewer, add, remove, grant, revoke, rotate],
});
