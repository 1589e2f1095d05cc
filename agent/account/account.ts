import { type Command, command, type Io, printable, Prompt } from "../../core/cli/mod.ts";
import { type Clock, systemClock } from "../../core/clock/mod.ts";
import { ConfigError } from "../../core/config/mod.ts";
import { CredentialFile } from "../../core/credentials/mod.ts";
import { type Fetch, parseHubAddress, redeemCode } from "../../core/hub_api/mod.ts";

/** What the commands of this folder need of the process they run in. */
export interface AccountDeps {
  /** Path of the machine's store of credentials. */
  readonly systemStore: () => string;
  /** Path of the user's. @throws {ConfigError} if the environment does not tell it */
  readonly userStore: () => string;
  /** Sends a request, as `fetch` does. */
  readonly fetch: Fetch;
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
      const { wsUrl: hub } = parseHubAddress(flags.hub, { scheme: "wss" });
      using prompt = new Prompt(io);
      const token = (await prompt.ask({ text: "Token: ", secret: true })).trim();
      if (token === "") throw new Error("Nothing was kept: no token was given");
      const identity = (await prompt.ask({ text: "Identity (Enter to skip): " })).trim();
      await keep(systemStore(), { hub, token, identity });
      io.stdout(`Credentials stored for ${hub}\n`);
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
      const { wsUrl: hub } = parseHubAddress(flags.hub, { scheme: "wss" });
      const store = await CredentialFile.open(systemStore());
      if (!store.remove(hub)) return io.stdout(`No credentials found for ${hub}\n`);
      await store.save();
      io.stdout(`Credentials removed for ${hub}\n`);
    },
  });
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
      const { fetch, clock = systemClock } = deps;
      const { code, machine } = flags;
      const hub = parseHubAddress(flags.hub, { scheme: "wss" });
      const { token, identity } = await redeemCode({ hub, code, machine }, { fetch, clock });
      await keepBest(deps, { io, hub: hub.wsUrl, token, identity });
      io.stdout(
        `Token redeemed and stored for ${hub.wsUrl}\nIdentity: ${printable(identity) || "-"}\n` +
          "Start the agent now; it needs no token of its own\n",
      );
    },
  });
}

/** The commands that keep tokens for agents. */
export function accountCommands(deps: AccountDeps): Command[] {
  return [loginCommand(deps), logoutCommand(deps), pairCommand(deps)];
}
