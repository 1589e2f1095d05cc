import { type Command, command, printable, Prompt, UsageError } from "../../core/cli/mod.ts";
import { type CredentialFile, credentialKey } from "../../core/credentials/mod.ts";
import { isFingerprint, type KnownAgents } from "../../core/identity/mod.ts";
import { parseHubAddress, redeemCode, type VouchedAgent } from "../../core/hub_api/mod.ts";
import { HUB_FLAGS, type HubDeps } from "../hub/mod.ts";

/** What the commands of this folder need of the machine they run on. */
export interface AccountDeps extends HubDeps {
  /** Opens the user's store of credentials. */
  readonly openCredentials: () => Promise<CredentialFile>;
  /** Agents whose identity this user knows; undefined where nothing can be kept. */
  readonly knownAgents: () => KnownAgents | undefined;
}

/** Keeps a token for a hub; a pin that is kept already stays. */
async function keep(
  deps: AccountDeps,
  { hubUrl, token, identity }: { hubUrl: string; token: string; identity: string },
): Promise<void> {
  const store = await deps.openCredentials();
  const pin = store.get(hubUrl)?.pin;
  store.set(hubUrl, {
    token,
    ...(identity === "" ? {} : { identity }),
    ...(pin === undefined ? {} : { pin }),
  });
  await store.save();
}

/** `tela login`. Spec: client.md 1.2 */
export function loginCommand(deps: AccountDeps): Command {
  return command({
    name: "login",
    summary: "Keep a token for a hub, so that commands need none",
    description: "Asks for the token, which is not shown, and for the name the hub knows it by, " +
      "which may be left out; a script sends both as lines. They go to credentials.yaml, which " +
      "only you can read.",
    positionals: [{ name: "url", kind: "required" }],
    examples: ["tela login wss://hub.example.com"],
    seeAlso: ["tela logout", "tela pair"],
    run: async ({ args, io }) => {
      const { wsUrl } = parseHubAddress(args[0]!, { scheme: "wss" });
      using prompt = new Prompt(io);
      const token = (await prompt.ask({ text: "Token: ", secret: true })).trim();
      if (token === "") throw new Error("Nothing was kept: no token was given");
      const identity = (await prompt.ask({ text: "Identity (Enter to skip): " })).trim();
      await keep(deps, { hubUrl: wsUrl, token, identity });
      io.stdout(`Credentials stored for ${wsUrl}\n`);
    },
  });
}

/** `tela logout`. Spec: client.md 1.2 */
export function logoutCommand(deps: AccountDeps): Command {
  return command({
    name: "logout",
    summary: "Forget what is kept for a hub",
    positionals: [{ name: "url", kind: "required" }],
    examples: ["tela logout wss://hub.example.com"],
    seeAlso: ["tela login"],
    run: async ({ args, io }) => {
      const { wsUrl } = parseHubAddress(args[0]!, { scheme: "wss" });
      const store = await deps.openCredentials();
      if (!store.remove(wsUrl)) return io.stdout(`Nothing was kept for ${wsUrl}\n`);
      await store.save();
      io.stdout(`Credentials removed for ${wsUrl}\n`);
    },
  });
}

/** Reads `-agent`. @throws {UsageError} if it is malformed */
function parseAgent(text: string): VouchedAgent {
  const [, machine, fingerprint = ""] = /^(.+)=(SHA256:.+)$/.exec(text) ?? [];
  if (machine !== undefined && isFingerprint(fingerprint)) return { machine, fingerprint };
  throw new UsageError(`Invalid -agent "${text}": must be as barn=SHA256:…, with 43 digits`);
}

/**
 * Keeps the identity of an agent that a code was made for, so that the first contact need not be
 * trusted. What came with the code by another way than the hub counts for more than what the hub says.
 *
 * @throws {Error} if the two differ, which is what a hub would do that wants to be the agent
 */
async function pin(
  deps: AccountDeps,
  { hubUrl, given, told }: { hubUrl: string; given?: VouchedAgent; told?: VouchedAgent },
): Promise<VouchedAgent | undefined> {
  const agent = given ?? told;
  if (agent === undefined) return undefined;
  const isOther = told !== undefined && told.machine === agent.machine &&
    told.fingerprint !== agent.fingerprint;
  if (isOther) {
    throw new Error(
      `Hub names another identity for "${agent.machine}" than -agent: ask who made the code; ` +
        "the token is kept, the identity is not",
    );
  }
  const { machine, fingerprint } = agent;
  await deps.knownAgents()?.set({ hub: credentialKey(hubUrl), machine }, fingerprint);
  return agent;
}

/** `tela pair`. Spec: client.md 1.2, hub-api.md 3, design.md decision 5 */
export function pairCommand(deps: AccountDeps): Command {
  return command({
    name: "pair",
    summary: "Exchange a pairing code for a token, and keep it",
    description: "The code comes from tela admin pair-code, works once and not for long. At a " +
      "terminal it is asked for if it is not given.",
    flags: {
      hub: HUB_FLAGS.hub,
      code: { type: "string", placeholder: "code", summary: "Pairing code, as ABCD-1234." },
      agent: {
        type: "string",
        placeholder: "machine=fingerprint",
        summary:
          "Identity of the machine's agent, as it came with the code. Default: as the hub says.",
      },
    },
    examples: ["tela pair -hub wss://hub.example.com -code 3F9A-07C1"],
    seeAlso: ["tela login", "tela connect"],
    run: async ({ flags, io }) => {
      const hub = parseHubAddress(flags.hub, { scheme: "wss" });
      const given = flags.agent === undefined ? undefined : parseAgent(flags.agent);
      using prompt = new Prompt(io);
      const code = flags.code || (io.isTerminal.stdin ? await prompt.ask({ text: "Code: " }) : "");
      const { token, identity, agent: told } = await redeemCode({ hub, code }, deps);
      await keep(deps, { hubUrl: hub.wsUrl, token, identity });
      const name = identity && ` as ${printable(identity)}`;
      io.stdout(`Paired with ${hub.wsUrl}${name}; token stored\n`);
      const agent = await pin(deps, {
        hubUrl: hub.wsUrl,
        ...(given && { given }),
        ...(told && { told }),
      });
      if (agent !== undefined) {
        io.stdout(`Identity of "${printable(agent.machine)}" kept: ${agent.fingerprint}\n`);
      }
    },
  });
}
