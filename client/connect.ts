import { type Command, command, type Io } from "../core/cli/mod.ts";
import { ConfigError } from "../core/config/mod.ts";
import { createLog, type Log } from "../core/log/mod.ts";
import { limitBufferMemory } from "../core/tunnel/mod.ts";
import { AgentCheck } from "./agent_check.ts";
import {
  CONNECT_FLAGS,
  type ConnectPlan,
  findMachine,
  mapServices,
  planConnect,
} from "./connect_plan.ts";
import { RunningClient } from "./control/mod.ts";
import type { ClientDeps } from "./deps.ts";
import { Forwarding } from "./forwarding.ts";
import { fetchHubStatus } from "./hub/mod.ts";
import { Link } from "./link.ts";
import { distinct, type Mapping } from "./ports.ts";
import { keepConnected } from "./reconnect.ts";
import { SessionError, type SessionErrorCode } from "./session.ts";

/** More ports than a person forwards; an agent that advertises more is not trusted to be sane. */
const MAX_ADVERTISED_PORTS = 256;

/** The ports to forward: those chosen by number, then those of the services chosen by name. */
async function chosenMappings(
  plan: ConnectPlan,
  { token, deps, signal }: { token: string; deps: ClientDeps; signal: AbortSignal },
): Promise<Mapping[]> {
  if (plan.services.length === 0) return [...plan.mappings];
  const { fetch, clock } = deps;
  const status = await fetchHubStatus(plan.hub, { token, fetch, clock, signal });
  const machine = findMachine(status, plan.machine);
  return distinct([...plan.mappings, ...mapServices(machine, plan.services)]);
}

function advertised(ports: readonly number[], log: Log): Mapping[] {
  const valid = [...new Set(ports)].filter((port) => port > 0);
  if (valid.length === 0) log("The agent advertises no port: nothing is forwarded");
  if (valid.length > MAX_ADVERTISED_PORTS) {
    log(
      `The agent advertises ${valid.length} ports: only the first ${MAX_ADVERTISED_PORTS} are forwarded`,
    );
  }
  return valid.slice(0, MAX_ADVERTISED_PORTS).map((port) => ({ local: port, remote: port }));
}

/** Errors that no further attempt will change. */
const FATAL: readonly SessionErrorCode[] = [
  "bad-identity",
  "identity-changed",
  "invalid-token",
  "unverified",
];

function isFatal(error: unknown): boolean {
  return error instanceof SessionError ? FATAL.includes(error.code) : error instanceof ConfigError;
}

function linkOf(
  { plan, token, mappings }: { plan: ConnectPlan; token: string; mappings: readonly Mapping[] },
  { deps, log, forwarding: { listeners, slot } }: {
    deps: ClientDeps;
    log: Log;
    forwarding: Forwarding;
  },
): Link {
  const { machine, mtuBytes, graceMs, paths, stunServers, acceptIdentity, requireVerified } = plan;
  const hubUrl = plan.hub.wsUrl;
  const known = deps.knownAgents();
  return new Link({
    hubUrl,
    machine,
    token,
    ports: mappings.map(({ remote }) => remote),
    mtuBytes,
    graceMs,
    paths,
    stunServers,
    check: new AgentCheck({ hubUrl, machine, known, acceptIdentity, requireVerified, log }),
    deps,
    log,
    onGrant: async (grant) => {
      if (mappings.length === 0) await listeners.bind(advertised(grant.ports, log));
    },
    onUsable: (tunnel, usable) => {
      if (usable) slot.set(tunnel);
      else slot.clear(tunnel);
    },
  });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Serves the control API, or says why there is none: a tunnel works without. */
async function serveControl(
  client: RunningClient,
  { deps, log }: { deps: ClientDeps; log: Log },
): Promise<AsyncDisposable> {
  try {
    return await deps.serveControl(client);
  } catch (error) {
    log(`No control API, so tela status shows nothing of this: ${messageOf(error)}`);
    return { [Symbol.asyncDispose]: () => Promise.resolve() };
  }
}

/** Connects and stays connected until interrupted. */
async function connect(
  plan: ConnectPlan,
  { deps, io }: { deps: ClientDeps; io: Io },
): Promise<void> {
  const { clock, random, listen } = deps;
  const stop = new AbortController();
  const { verbose, machine } = plan;
  const client = new RunningClient({ profile: "", verbose, clock, stop: () => stop.abort() });
  const write = (line: string) => {
    client.output.addLine(line);
    io.stderr(`${line}\n`);
  };
  const log = createLog({ component: "tela", write, clock });
  const debug = (text: string) => client.verbose && log(text);
  using _signals = deps.onInterrupt(() => stop.abort());
  const hub = plan.hub.wsUrl;
  const forwarding = new Forwarding({ client, hub, machine, listen, clock, log, debug });
  const { retry, listeners, connection } = forwarding;
  stop.signal.addEventListener("abort", () => {
    log("Shutting down");
    forwarding.close();
  });
  await using _control = await serveControl(client, { deps, log });
  try {
    const token = plan.token || await deps.storedToken(hub);
    const mappings = await chosenMappings(plan, { token, deps, signal: stop.signal });
    await listeners.bind(mappings);
    if (mappings.length > 0 && listeners.size === 0 && !stop.signal.aborted) {
      throw new Error("Could not bind any local port: choose others with -ports LOCAL:REMOTE");
    }
    const note = (text: string) => {
      connection.setNote(text);
      log(text);
    };
    const link = linkOf({ plan, token, mappings }, { deps, log, forwarding });
    forwarding.link = link;
    await keepConnected({
      open: (signal) => {
        debug(`Dialling ${plan.hub.shownUrl}`);
        return link.open(signal);
      },
      close: () => link.close(),
      waits: () => link.waits,
      isAnswer: (error) => error instanceof SessionError,
      isFatal,
      clock,
      random,
      log: note,
      retry,
      signal: stop.signal,
    });
  } catch (error) {
    if (!stop.signal.aborted) throw error;
  } finally {
    forwarding.close();
  }
}

/** `tela connect`. */
export function connectCommand(deps: ClientDeps): Command {
  return command({
    name: "connect",
    summary: "Connect to a machine and forward local ports to its services",
    description:
      "Opens a WireGuard tunnel to a machine through a hub, and listens on 127.0.0.1 for each port " +
      "to forward: those of -ports and -services, or with neither all that the agent advertises. A " +
      "port that is taken is replaced from 10000 above it; the log says by which.\n\n" +
      "The listeners stay while the connection is lost and made again. Open connections go on then, if " +
      "that takes no longer than -resume-grace and the agent is one of tela's own: an older one cannot.\n\n" +
      "The agent's identity is kept at the first contact, in ~/.tela/known_agents (%APPDATA%\\tela), " +
      "one line for each hub and machine. An agent that shows another one later, or none, is refused: " +
      "someone may pose as it. If the change is right, give the new fingerprint with -accept-identity, " +
      "or remove the line.\n\n" +
      "Ends on Ctrl-C.",
    flags: CONNECT_FLAGS,
    examples: [
      "tela connect -hub wss://hub.example.com -machine barn",
      "tela connect -hub wss://hub.example.com -machine barn -ports 2222:22,5432",
      "TELA_HUB=wss://hub.example.com tela connect -machine barn -services ssh",
    ],
    seeAlso: ["tela machines", "tela services", "tela status"],
    run: ({ flags, io }) => {
      limitBufferMemory(flags["buffer-memory"]);
      return connect(planConnect(flags), { deps, io });
    },
  });
}
