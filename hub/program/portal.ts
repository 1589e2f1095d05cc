import {
  type Command,
  command,
  confirm,
  formatJson,
  formatTable,
  type Io,
  Prompt,
  UsageError,
} from "../../core/cli/mod.ts";
import { type Clock, systemClock, systemRandom } from "../../core/clock/mod.ts";
import { createLog } from "../../core/log/mod.ts";
import { consoleToken } from "../access/mod.ts";
import { isName, NAME_RULE } from "../admin/mod.ts";
import { bootstrap, CONSOLE_VIEWER, type HubConfigFile, type PortalEntry } from "../config/mod.ts";
import {
  type Fetch,
  isHubUrl,
  PortalClient,
  PortalError,
  Portals,
  portalUrl,
} from "../portals/mod.ts";
import { CONFIG_FLAG, openToEdit } from "./config_path.ts";
import { EFFECT, hostOf, settle } from "./edit.ts";

/** What `telahubd portal` needs besides its surroundings. */
export interface PortalDeps {
  /** Asks portals. */
  readonly fetch: Fetch;
  /** Times what they are asked. */
  readonly clock: Clock;
}

const NAME = { name: "name", kind: "required" } as const;

/** A portal as it is shown: never its token. Spec: hub-api.md 1.5 */
function portalView([name, { url, hubDirectory, syncToken }]: [string, PortalEntry]) {
  return { name, url, hubDirectory, hasSyncToken: syncToken !== "" };
}

/** The portals of a configuration, and what they are told of the hub. */
class Directory {
  readonly file: HubConfigFile;
  readonly portals: Portals;
  /** The token that portals may look at the hub with, if there is a valid one. */
  readonly viewerToken: () => string | undefined;
  /** Given, or as the environment or the file says; "" if none. */
  name: string;

  constructor(file: HubConfigFile, { name, io, deps }: {
    readonly name: string | undefined;
    readonly io: Io;
    readonly deps: PortalDeps;
  }) {
    const { clock } = deps;
    this.file = file;
    this.name = name || file.config.name;
    this.viewerToken = () =>
      consoleToken(file.config.auth.tokens, { id: CONSOLE_VIEWER, wallMs: clock.wallMs() });
    const write = (line: string) => io.stderr(`${line}\n`);
    this.portals = new Portals({
      file,
      client: new PortalClient(deps),
      hub: () => ({ hubId: file.config.hubId, name: this.name }),
      viewerToken: this.viewerToken,
      log: createLog({ component: "portal", clock, write }),
      ...{ clock, random: systemRandom },
    });
  }

  /** The portal looks at the hub with the console's token, and knows it by its id. */
  async ensureIdentity(): Promise<void> {
    const { file } = this;
    if (file.config.auth.tokens.length === 0) {
      throw new Error("There is no owner yet; run telahubd user bootstrap first");
    }
    const options = { random: systemRandom, ownerToken: undefined, effective: file.config };
    if (bootstrap(file, options).changed) await file.save();
  }

  /** Keeps the name if the file has none, so that the hub is known by it to the portal later on. */
  async keepName(): Promise<void> {
    if (this.file.config.name !== "") return;
    await this.file.commit((editor) => editor.set(["name"], this.name));
  }
}

async function open(
  { config, name }: { readonly config: string | undefined; readonly name?: string | undefined },
  { io, deps }: { readonly io: Io; readonly deps: PortalDeps },
): Promise<Directory> {
  const file = await openToEdit(config, hostOf(io));
  return new Directory(file, { name: name || io.env("TELAHUBD_NAME"), io, deps });
}

/** What is missing is asked for at a terminal; a script must give it. */
class Answers implements Disposable {
  readonly #prompt: Prompt | undefined;

  constructor(io: Io) {
    this.#prompt = io.isTerminal.stdin ? new Prompt(io) : undefined;
  }

  async needed(
    given: string | undefined,
    { text, flag }: { readonly text: string; readonly flag: string },
  ): Promise<string> {
    const value = given || (await this.#prompt?.ask({ text }))?.trim();
    if (value) return value;
    throw new UsageError(`Missing ${flag}`);
  }

  async secret(given: string | undefined, text: string): Promise<string> {
    return given || (await this.#prompt?.ask({ text, secret: true }))?.trim() || "";
  }

  [Symbol.dispose](): void {
    this.#prompt?.[Symbol.dispose]();
  }
}

const ADD_FLAGS = {
  ...CONFIG_FLAG,
  "hub-url": {
    type: "string",
    summary: "Address under which others reach this hub.",
    placeholder: "url",
    env: "TELAHUBD_PUBLIC_URL",
  },
  name: {
    type: "string",
    summary: "Name of the hub there. Default: that of the configuration.",
    placeholder: "name",
    env: "TELAHUBD_NAME",
  },
} as const;

function urlOf(text: string): string {
  const url = portalUrl(text);
  if (url === undefined) {
    throw new UsageError(`A portal must be as https://portal.example: ${text}`);
  }
  return url;
}

function hubUrlOf(text: string): string {
  if (isHubUrl(text)) return text;
  throw new UsageError(`-hub-url must be as https://hub.example: ${text}`);
}

function addCommand(deps: PortalDeps): Command {
  return command({
    name: "add",
    summary: "Register the hub with a portal",
    description: `The portal's credential is read from TELAHUBD_PORTAL_TOKEN, or asked for at
a terminal; it is used once and not kept. The portal gets the token of
console-viewer, to look at the hub with. ${EFFECT}`,
    flags: ADD_FLAGS,
    positionals: [NAME, { name: "url", kind: "required" }],
    examples: ["telahubd portal add work https://portal.example -hub-url https://hub.example"],
    seeAlso: ["telahubd portal list", "tela admin portals add"],
    run: async ({ flags, args, io }) => {
      const [name = "", address = ""] = args;
      if (!isName(name)) throw new UsageError(`A name must have ${NAME_RULE}`);
      const url = urlOf(address);
      const directory = await open(flags, { io, deps });
      using answers = new Answers(io);
      const portalToken = await answers.secret(
        io.env("TELAHUBD_PORTAL_TOKEN"),
        "API token of the portal (none if it asks for none): ",
      );
      directory.name = await answers.needed(directory.name, {
        text: "Name of this hub: ",
        flag: "-name (or TELAHUBD_NAME)",
      });
      const hubUrl = hubUrlOf(
        await answers.needed(flags["hub-url"], {
          text: "Public address of this hub: ",
          flag: "-hub-url (or TELAHUBD_PUBLIC_URL)",
        }),
      );
      await directory.ensureIdentity();
      const { isUpdate } = await register(directory, { name, url, hubUrl, portalToken });
      await directory.keepName();
      await settle(directory.file, io);
      io.stdout(isUpdate ? "updated\n" : "ok\n");
    },
  });
}

async function register(
  { portals }: Directory,
  { name, url, ...rest }: {
    readonly name: string;
    readonly url: string;
    readonly hubUrl: string;
    readonly portalToken: string;
  },
): Promise<{ readonly isUpdate: boolean }> {
  try {
    return await portals.add(name, { url, ...rest });
  } catch (cause) {
    if (!(cause instanceof PortalError)) throw cause;
    throw new Error(`Cannot register with ${url}: ${cause.message}`, { cause });
  }
}

function removeCommand(name: string, deps: PortalDeps): Command {
  return command({
    name,
    summary: "Forget a portal",
    description: `The portal is not told: remove the hub there too. ${EFFECT}`,
    flags: {
      ...CONFIG_FLAG,
      force: { type: "boolean", summary: "Do not ask, also at a terminal." },
    },
    positionals: [NAME],
    examples: [`telahubd portal ${name} work`],
    run: async ({ flags, args: [portal = ""], io }) => {
      const { portals, file } = await open(flags, { io, deps });
      const fail = () => {
        throw new Error(
          `No portal ${JSON.stringify(portal)}; "telahubd portal list" shows their names`,
        );
      };
      if (!portals.all.has(portal)) fail();
      await confirm(io, { question: `Remove portal ${portal}?`, force: flags.force });
      if (!await portals.remove(portal)) fail();
      await settle(file, io);
    },
  });
}

function listCommand(name: string, deps: PortalDeps): Command {
  return command({
    name,
    summary: "List the portals that the hub is registered with",
    flags: { ...CONFIG_FLAG, json: { type: "boolean", summary: "Print JSON." } },
    examples: [`telahubd portal ${name}`, `telahubd portal ${name} -json`],
    run: async ({ flags, io }) => {
      const { portals } = await open(flags, { io, deps });
      const views = [...portals.all].sort(([a], [b]) => a < b ? -1 : 1).map(portalView);
      if (flags.json) return io.stdout(formatJson(views));
      if (views.length === 0) return io.stdout("No portals configured.\n");
      const rows = views.map(({ name, url, hasSyncToken }) => [
        name,
        url,
        hasSyncToken ? "yes" : "(none)",
      ]);
      io.stdout(formatTable({ headings: ["NAME", "URL", "TOKEN"], rows }));
    },
  });
}

function syncCommand(deps: PortalDeps): Command {
  return command({
    name: "sync",
    summary: "Tell all portals the token that they may look at the hub with",
    description: `A hub does so itself when it starts and when the token changes. Of use when
a portal shows an error of authorization.`,
    flags: CONFIG_FLAG,
    examples: ["telahubd portal sync"],
    run: async ({ flags, io }) => {
      const { portals, name, viewerToken } = await open(flags, { io, deps });
      if (portals.all.size === 0) return io.stdout("No portals configured.\n");
      if (name === "") throw new Error("The hub has no name: set name in its configuration");
      if (viewerToken() === undefined) {
        const hint = `run "telahubd user rotate ${CONSOLE_VIEWER}"`;
        throw new Error(`No valid token of ${CONSOLE_VIEWER}: ${hint}`);
      }
      const names = [...portals.all.keys()];
      const mute = names.filter((portal) => portals.all.get(portal)?.syncToken === "");
      const failures = await portals.tell(names);
      for (const portal of mute) io.stderr(`portal ${portal}: no sync token; add it again\n`);
      for (const [portal, { message }] of failures) io.stderr(`portal ${portal}: ${message}\n`);
      const count = failures.size + mute.length;
      if (count > 0) throw new Error(`${count} of ${names.length} portals could not be told`);
    },
  });
}

/** `telahubd portal`. Spec: hub-api.md 6 (portal), 8 */
export function portalCommand(deps: PortalDeps): Command {
  return command({
    name: "portal",
    summary: "Manage the portals that list the hub",
    description: `Works on the configuration file, whether a hub runs or not.`,
    commands: [
      addCommand(deps),
      removeCommand("remove", deps),
      removeCommand("rm", deps),
      listCommand("list", deps),
      listCommand("ls", deps),
      syncCommand(deps),
    ],
  });
}

/** `telahubd portal` of this machine. */
export const portal: Command = portalCommand({
  fetch: (url, init) => fetch(url, init),
  clock: systemClock,
});
