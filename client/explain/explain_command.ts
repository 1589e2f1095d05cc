import {
  type Command,
  command,
  type FlagValues,
  formatJson,
  formatTable,
  printable,
  UsageError,
} from "../../core/cli/mod.ts";
import type { Random } from "../../core/bytes/mod.ts";
import { parseHubAddress } from "../../core/hub_api/mod.ts";
import { HUB_FLAGS, type HubDeps } from "../hub/mod.ts";
import type { SessionAttempt } from "./check_session.ts";
import { explain, UDP_PORT } from "./explain.ts";
import type { Report } from "./finding.ts";
import type { Probes } from "./probes.ts";
import { type NamedServer, type Target, targetOf } from "./target.ts";

const STUN_PORT = 3478;

/** Servers asked at most, besides the hub. */
const MAX_SERVERS = 4;

/** What `tela explain` needs of its surroundings. */
export interface ExplainDeps extends Omit<HubDeps, "fetch"> {
  /** Cryptographic random source. */
  readonly random: Random;
  /** The network. */
  readonly probes: Probes;
  /** Makes a session with the target's machine, which the caller ends. */
  readonly trySession: (target: Target, signal: AbortSignal) => Promise<SessionAttempt>;
}

const FLAGS = {
  ...HUB_FLAGS,
  machine: {
    type: "string",
    placeholder: "name",
    summary: "Machine to look for; a session with it is made and ended.",
    env: "TELA_MACHINE",
  },
  udp: {
    type: "string",
    placeholder: "host:port",
    summary: `Where the hub has UDP. Default: where it offers it, else its port ${UDP_PORT}.`,
  },
  stun: {
    type: "string",
    placeholder: "list",
    summary: "Other STUN servers, as stun.example.com:3478; two servers tell the kind of NAT.",
  },
  json: { type: "boolean", summary: "Print JSON: verdict, text, next and all findings." },
} as const;

/** @throws {UsageError} if a server is not written as a host and perhaps a port */
function parseServer(text: string, defaultPort: number): NamedServer {
  const url = /[/?#@]/.test(text) ? null : URL.parse(`udp://${text}`);
  const port = url === null || url.port === "" ? defaultPort : Number(url.port);
  const host = url?.hostname ?? "";
  if (host === "" || port === 0) {
    throw new UsageError(`Invalid server "${text}": must be HOST or HOST:PORT`);
  }
  return { host, port };
}

function parseServers(list: string): NamedServer[] {
  const texts = list.split(",").map((text) => text.trim()).filter((text) => text !== "");
  if (texts.length > MAX_SERVERS) {
    throw new UsageError(`Invalid -stun: at most ${MAX_SERVERS} servers, got ${texts.length}`);
  }
  return texts.map((text) => parseServer(text, STUN_PORT));
}

function reportView({ verdict, text, next, findings }: Report): string {
  const rows = findings.map(({ check, state, text }) => [check, state, text]);
  const table = formatTable({ headings: ["CHECK", "RESULT", "FINDING"], rows });
  const notes = findings.filter(({ state, next }) => state === "note" && next !== "");
  const lines = [
    `Verdict: ${verdict === "ok" ? text : `${verdict}: ${text}`}`,
    ...(next === "" ? [] : [`Next:    ${next}`]),
    ...notes.map((finding) => `Note:    ${finding.code}: ${finding.next}`),
  ];
  return `${table}\n${lines.map((line) => `${printable(line)}\n`).join("")}`;
}

async function run(
  flags: FlagValues<typeof FLAGS>,
  { deps, env }: { deps: ExplainDeps; env: (name: string) => string | undefined },
): Promise<Report> {
  const hub = parseHubAddress(flags.hub);
  const udp = flags.udp === undefined ? undefined : parseServer(flags.udp, UDP_PORT);
  const stun = parseServers(flags.stun ?? "");
  const token = flags.token || await deps.storedToken(hub.wsUrl);
  const target = targetOf({ hub, token, machine: flags.machine || undefined });
  const trySession = (signal: AbortSignal) => deps.trySession(target, signal);
  const { clock, random, probes } = deps;
  return await explain(target, { clock, random, probes, env, udp, stun, trySession });
}

/** `tela explain`. */
export function explainCommand(deps: ExplainDeps): Command {
  return command({
    name: "explain",
    summary: "Find out why a hub or a machine cannot be reached",
    description:
      "Checks the way to a hub step by step, within 15 s: DNS, TCP, proxy, TLS, WebSocket, clocks, " +
      "token and UDP; with -machine, also whether a session with it can be made. Prints what was " +
      "found, one verdict and the next step. Exits with 1 on a fault.",
    flags: FLAGS,
    examples: [
      "tela explain -hub wss://hub.example.com",
      "tela explain -hub wss://hub.example.com -machine barn -json",
    ],
    seeAlso: ["tela status", "tela connect"],
    run: async ({ flags, io }) => {
      const report = await run(flags, { deps, env: (name) => io.env(name) });
      io.stdout(flags.json ? formatJson(report) : reportView(report));
      if (report.verdict !== "ok") throw new Error(`Found a fault: ${report.verdict}`);
    },
  });
}
