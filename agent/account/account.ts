import { type Command, command, type Io, printable, Prompt } from "../../core/cli/mod.ts";
import { type Clock, systemClock } from "../../core/clock/mod.ts";
import { ConfigError } from "../../core/config/mod.ts";
import type { Json } from "../../core/control/mod.ts";
import { CredentialFile } from "../../core/credentials/mod.ts";

/** Time for a hub to answer. */
const TIMEOUT_MS = 15_000;

/** A token and a name are far less; more is no hub. */
const MAX_ANSWER_CHARS = 64 * 1024;

/** What the commands of this folder need of the process they run in. */
export interface AccountDeps {
  /** Path of the machine's store of credentials. */
  readonly systemStore: () => string;
  /** Path of the user's. @throws {ConfigError} if the environment does not tell it */
  readonly userStore: () => string;
  /** Sends a request, as `fetch` does. */
  readonly fetch: (request: Request) => Promise<Response>;
  /** Times it. Default: the system's. */
  readonly clock?: Clock;
}

const HUB_FLAG = {
  hub: {
    type: "string",
    placeholder: "url",
    summary: "Address of the hub, as wss://hub.example.com.",
    env: "TELA_HUB",
    required: true,
  },
} as const;

/** Replaces what a store keeps for a hub; a pin that is kept already stays. */
async function keep(
  path: string,
  { hub, token, identity }: { hub: string; token: string; identity: string },
): Promise<void> {
  const store = await CredentialFile.open(path);
  const pin = store.get(hub)?.pin;
  store.set(hub, { token, ...(identity && { identity }), ...(pin && { pin }) });
  await store.save();
}

/** `telad login`. Spec: agent.md 8 */
function loginCommand({ systemStore }: AccountDeps): Command {
  return command({
    name: "login",
    summary: "Keep a token for a hub, for the agents of this machine",
    description:
      "Asks for the token, which is not shown, and for the name the hub knows it by; a " +
      "script sends both as lines. They go to the machine's store, which only an administrator " +
      "may write.",
    flags: HUB_FLAG,
    examples: ["telad login -hub wss://hub.example.com"],
    seeAlso: ["telad logout", "telad pair"],
    run: async ({ flags, io }) => {
      using prompt = new Prompt(io);
      const token = (await prompt.ask({ text: "Token: ", secret: true })).trim();
      if (token === "") throw new Error("Nothing was kept: no token was given");
      const identity = (await prompt.ask({ text: "Identity (Enter to skip): " })).trim();
      await keep(systemStore(), { hub: flags.hub, token, identity });
      io.stdout(`Credentials stored for ${flags.hub}\n`);
    },
  });
}

/** `telad logout`. Spec: agent.md 8 */
function logoutCommand({ systemStore }: AccountDeps): Command {
  return command({
    name: "logout",
    summary: "Forget what this machine keeps for a hub",
    flags: HUB_FLAG,
    examples: ["telad logout -hub wss://hub.example.com"],
    seeAlso: ["telad login"],
    run: async ({ flags, io }) => {
      const store = await CredentialFile.open(systemStore());
      if (!store.remove(flags.hub)) {
        return io.stdout(`No credentials found for ${flags.hub}\n`);
      }
      await store.save();
      io.stdout(`Credentials removed for ${flags.hub}\n`);
    },
  });
}

/** The pairing route of the hub that is dialled at a URL. @throws {Error} if that is no hub's URL */
function pairUrl(hub: string): string {
  const url = /^(ws|http)s?:\/\//i.test(hub) ? URL.parse(hub.replace(/^ws/i, "http")) : null;
  if (url === null) throw new Error(`Invalid -hub "${hub}": must begin with wss:// or ws://`);
  return `${url.origin}${url.pathname.replace(/\/+$/, "")}/api/pair`;
}

function fieldsOf(text: string): { [key: string]: Json } {
  try {
    const value: Json = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
  } catch {
    // A proxy's page: the status alone has to do.
  }
  return {};
}

/** Exchanges a code. @throws {Error} if the hub cannot be reached or refuses */
async function redeem(
  { hub, code, machine }: { hub: string; code: string; machine: string | undefined },
  { fetch, clock = systemClock }: AccountDeps,
): Promise<{ token: string; identity: string }> {
  const timeout = new AbortController();
  const timer = clock.setTimer(() => timeout.abort(), TIMEOUT_MS);
  const body = JSON.stringify({ code, ...(machine && { machineId: machine }) });
  const headers = { "content-type": "application/json" };
  const { signal } = timeout;
  const url = pairUrl(hub);
  try {
    const response = await fetch(
      new Request(url, { method: "POST", body, headers, signal, redirect: "error" }),
    );
    const text = (await response.text()).slice(0, MAX_ANSWER_CHARS);
    const { error, token, identity } = fieldsOf(text);
    if (!response.ok) {
      throw new Error(typeof error === "string" ? printable(error) : `HTTP ${response.status}`);
    }
    if (typeof token !== "string" || token === "") {
      throw new Error(`No hub at ${url}: it answered without a token`);
    }
    return { token, identity: typeof identity === "string" ? identity : "" };
  } catch (cause) {
    if (!signal.aborted) throw cause;
    throw new Error(`Cannot reach the hub at ${url}: no answer within 15 s`, { cause });
  } finally {
    timer.cancel();
  }
}

/** Keeps a token for the machine, or else for this user. */
async function keepBest(
  { systemStore, userStore }: AccountDeps,
  { io, ...credential }: { io: Io; hub: string; token: string; identity: string },
): Promise<void> {
  try {
    await keep(systemStore(), credential);
  } catch (error) {
    if (!(error instanceof ConfigError) || error.code === "malformed") throw error;
    const path = userStore();
    await keep(path, credential);
    io.stderr(`Kept for this user alone, in ${path}: ${error.message}\n`);
  }
}

/** `telad pair`. Spec: agent.md 8, hub-api.md 3 */
function pairCommand(deps: AccountDeps): Command {
  return command({
    name: "pair",
    summary: "Exchange a pairing code for a token, and keep it",
    description:
      "The code comes from tela admin pair-code -type register, works once and not for " +
      "long. The token is kept for this machine, or for this user who may not write there.",
    flags: {
      ...HUB_FLAG,
      code: {
        type: "string",
        placeholder: "code",
        summary: "Pairing code, as ABCD-1234.",
        required: true,
      },
      machine: {
        type: "string",
        placeholder: "name",
        summary: "Machine that the code is for.",
        env: "TELA_MACHINE",
      },
    },
    examples: ["telad pair -hub wss://hub.example.com -code 3F9A-07C1"],
    seeAlso: ["telad login"],
    run: async ({ flags, io }) => {
      const { hub, machine } = flags;
      const code = flags.code.trim().toUpperCase();
      const { token, identity } = await redeem({ hub, code, machine }, deps);
      await keepBest(deps, { io, hub, token, identity });
      io.stdout(
        `Token redeemed and stored for ${hub}\nIdentity: ${printable(identity) || "-"}\n` +
          "Start the agent now; it needs no token of its own\n",
      );
    },
  });
}

/** The commands that keep tokens for agents. */
export function accountCommands(deps: AccountDeps): Command[] {
  return [loginCommand(deps), logoutCommand(deps), pairCommand(deps)];
}
