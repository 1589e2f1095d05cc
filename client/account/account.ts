import { type Command, command, printable, Prompt, UsageError } from "../../core/cli/mod.ts";
import type { CredentialFile } from "../../core/credentials/mod.ts";
import { HUB_FLAGS, type HubDeps, JsonApi, parseHubAddress } from "../hub/mod.ts";

/** What the commands of this folder need of the machine they run on. */
export interface AccountDeps extends HubDeps {
  /** Opens the user's store of credentials. */
  readonly openCredentials: () => Promise<CredentialFile>;
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
      const { wsUrl } = parseHubAddress(args[0]!);
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
      const { wsUrl } = parseHubAddress(args[0]!);
      const store = await deps.openCredentials();
      if (!store.remove(wsUrl)) return io.stdout(`Nothing was kept for ${wsUrl}\n`);
      await store.save();
      io.stdout(`Credentials removed for ${wsUrl}\n`);
    },
  });
}

/** `tela pair`. Spec: client.md 1.2, hub-api.md 3 */
export function pairCommand(deps: AccountDeps): Command {
  return command({
    name: "pair",
    summary: "Exchange a pairing code for a token, and keep it",
    description: "The code comes from tela admin pair-code, works once and not for long. At a " +
      "terminal it is asked for if it is not given.",
    flags: {
      hub: HUB_FLAGS.hub,
      code: { type: "string", placeholder: "code", summary: "Pairing code, as ABCD-1234." },
    },
    examples: ["tela pair -hub wss://hub.example.com -code 3F9A-07C1"],
    seeAlso: ["tela login", "tela connect"],
    run: async ({ flags, io }) => {
      const hub = parseHubAddress(flags.hub);
      using prompt = new Prompt(io);
      const asked = flags.code || (io.isTerminal.stdin ? await prompt.ask({ text: "Code: " }) : "");
      const code = asked.trim().toUpperCase();
      if (code === "") throw new UsageError("Missing -code: ask the hub's owner for one");
      const api = new JsonApi({ hub, token: "", fetch: deps.fetch, clock: deps.clock });
      const { token, identity } = await api.request("POST", "/api/pair", { code });
      if (typeof token !== "string" || token === "") {
        throw new Error(`No hub at ${hub.httpUrl}: it answered without a token`);
      }
      const name = typeof identity === "string" ? identity : "";
      await keep(deps, { hubUrl: hub.wsUrl, token, identity: name });
      io.stdout(`Paired with ${hub.wsUrl}${name && ` as ${printable(name)}`}; token stored\n`);
    },
  });
}
