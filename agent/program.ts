import { type Command, command, type Io, VERSION } from "../core/cli/mod.ts";
import { systemClock } from "../core/clock/mod.ts";
import { type Host, joinPath, runDir } from "../core/config/mod.ts";
import { Credentials } from "../core/credentials/mod.ts";
import { loadAgentIdentity } from "../core/identity/mod.ts";
import { createLog, type Log } from "../core/log/mod.ts";
import {
  DEFAULT_GRACE_SECONDS,
  MAX_GRACE_SECONDS,
  MAX_MTU_BYTES,
  MIN_MTU_BYTES,
} from "../core/tunnel/mod.ts";
import { Agent } from "./agent.ts";
import { type ConfigSurroundings, DEFAULT_TARGET, loadConfig } from "./config.ts";
import { configOfFlags, type MachineFlags } from "./flags.ts";
import { keyPath, loadIds, statePath } from "./ids.ts";
import { RunFile } from "./run_file.ts";
import { reasonOf, type Surroundings } from "./surroundings.ts";
import { addStoredTokens } from "./tokens.ts";

/** What a stop may take before the process ends without having finished it. */
const STOP_TIMEOUT_MS = 3000;

/** What `telad` has of the process it runs in. */
export interface ProgramSurroundings {
  /** System and environment. */
  readonly host: Host;
  /** Number of this process. */
  readonly pid: number;
  /** Host name of this machine. */
  hostname(): string;
  /** Clock, sockets and tunnels for an agent that logs to `log`. */
  open(log: Log, verbose: boolean): Surroundings;
  /** Calls `stop` at the first signal to end, once; the second ends the process. */
  onStop(stop: () => void): Disposable;
  /** Calls `report` for what nobody caught, which then does not end the process. */
  onCrash(report: (error: unknown) => void): Disposable;
}

const FLAGS = {
  config: {
    type: "string",
    summary: "Configuration file, telad.yaml. The flags of a single machine have no effect then.",
    placeholder: "file",
    env: "TELAD_CONFIG",
  },
  hub: { type: "string", summary: "Hub to register with.", placeholder: "url", env: "TELA_HUB" },
  machine: {
    type: "string",
    summary: "Name of the machine.",
    placeholder: "name",
    env: "TELA_MACHINE",
  },
  token: {
    type: "string",
    summary: "Token for the hub; else the credential store is asked.",
    env: "TELA_TOKEN",
  },
  ports: {
    type: "string",
    summary: "Ports to offer, as 22:SSH,8080.",
    placeholder: "list",
    env: "TELAD_PORTS",
  },
  "target-host": {
    type: "string",
    summary: "Host the ports are on.",
    placeholder: "host",
    default: DEFAULT_TARGET,
    env: "TELAD_TARGET_HOST",
  },
  mtu: {
    type: "number",
    summary: "Largest packet inside the tunnel, in bytes.",
    placeholder: "bytes",
    default: MAX_MTU_BYTES,
    min: MIN_MTU_BYTES,
    max: MAX_MTU_BYTES,
    env: "TELAD_MTU",
  },
  "resume-grace": {
    type: "number",
    summary:
      "How long connections wait for a client that has lost the hub, in seconds; 0: not at all.",
    placeholder: "seconds",
    default: DEFAULT_GRACE_SECONDS,
    min: 0,
    max: MAX_GRACE_SECONDS,
  },
  fingerprint: {
    type: "boolean",
    summary: "Print the fingerprint by which clients know this agent, and end.",
  },
  v: { type: "boolean", summary: "Log each connection." },
  "exit-on-auth-failure": {
    type: "boolean",
    summary: "End with exit code 1 when the hub refuses the token, instead of trying on.",
  },
} as const;

/** The values of the flags, as far as they matter here. */
interface Settings extends MachineFlags {
  readonly config: string | undefined;
  readonly mtuBytes: number;
  readonly graceMs: number;
  readonly verbose: boolean;
  readonly exitOnRefusal: boolean;
}

async function load(settings: Settings, surroundings: ConfigSurroundings, log: Log) {
  const { config: path } = settings;
  const { config, warnings } = path === undefined
    ? configOfFlags(settings, surroundings)
    : await loadConfig(path, surroundings);
  for (const warning of warnings) log(warning);
  const readCredentials = () => Credentials.read(surroundings.host);
  return await addStoredTokens(config, { readCredentials, log });
}

/** Resolves at the end of the agent, or some seconds after it was told to stop. */
async function runUntilStopped(agent: Agent, surroundings: ProgramSurroundings) {
  const overdue = Promise.withResolvers<"stopped">();
  let timer: { cancel(): void } | undefined;
  using _signals = surroundings.onStop(() => {
    agent.stop();
    timer = systemClock.setTimer(() => overdue.resolve("stopped"), STOP_TIMEOUT_MS);
  });
  try {
    return await Promise.race([agent.run(), overdue.promise]);
  } finally {
    timer?.cancel();
  }
}

/** Where a command runs. */
interface Place {
  readonly io: Io;
  readonly process: ProgramSurroundings;
}

function logTo(io: Io): Log {
  const write = (line: string) => io.stderr(`${line}\n`);
  return createLog({ component: "telad", write, clock: systemClock });
}

async function printFingerprint(config: string | undefined, { io, process }: Place): Promise<void> {
  const log = logTo(io);
  const { random } = process.open(log, false);
  const path = keyPath(process.host, config);
  const { fingerprint } = await loadAgentIdentity({ path, random, log });
  io.stdout(`${fingerprint}\n`);
}

async function runTelad(settings: Settings, { io, process }: Place): Promise<void> {
  const log = logTo(io);
  const { host, pid } = process;
  const config = await load(settings, { host, hostname: process.hostname() }, log);
  const { path } = config;
  const machines = config.machines.map(({ name }) => name);
  const surroundings = process.open(log, settings.verbose);
  const ids = await loadIds({ path: statePath(host, path), machines, log });
  const { random } = surroundings;
  const identity = await loadAgentIdentity({ path: keyPath(host, path), random, log });
  log(`version ${VERSION}, agent ${ids.agentId}, machines: ${machines.join(", ")}`);
  log(`identity ${identity.fingerprint}`);
  const runFile = path === undefined
    ? undefined
    : new RunFile(joinPath(host, [runDir(host), "telad.json"]), { config, pid, log });
  // One machine's fault must not end the others.
  using _crashes = process.onCrash((error) => {
    const stack = settings.verbose && error instanceof Error ? error.stack : undefined;
    log(`internal error: ${stack ?? reasonOf(error)}`);
  });
  await runFile?.write();
  try {
    const agent = new Agent({
      config,
      ids,
      identity,
      version: VERSION,
      mtuBytes: settings.mtuBytes,
      graceMs: settings.graceMs,
      exitOnRefusal: settings.exitOnRefusal,
      surroundings,
    });
    const end = await runUntilStopped(agent, process);
    if (end === "refused") throw new Error("The hub refused the token of this agent");
  } finally {
    await runFile?.remove();
  }
}

/** The program `telad`. */
export function telad(process: ProgramSurroundings): Command {
  return command({
    name: "telad",
    summary: "Offer services of this machine through a hub",
    usage: ["telad -config <file>", "telad -hub <url> -machine <name> -ports <list>"],
    description: "Registers machines with a hub and forwards the connections of clients to their " +
      "services, through\nencrypted tunnels that the hub cannot read. Runs until it is interrupted.",
    flags: FLAGS,
    examples: [
      "telad -config telad.yaml",
      "telad -hub wss://hub.example -machine barn -ports 22:SSH,8080",
    ],
    run: ({ flags, io }) => {
      const config = flags.config || undefined;
      if (flags.fingerprint) return printFingerprint(config, { io, process });
      return runTelad({
        config,
        hub: flags.hub,
        machine: flags.machine,
        token: flags.token,
        ports: flags.ports,
        targetHost: flags["target-host"] || DEFAULT_TARGET,
        mtuBytes: flags.mtu,
        graceMs: flags["resume-grace"] * 1000,
        verbose: flags.v,
        exitOnRefusal: flags["exit-on-auth-failure"],
      }, { io, process });
    },
  });
}
