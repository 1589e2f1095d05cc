import { type Io, VERSION } from "../core/cli/mod.ts";
import { type Clock, systemClock } from "../core/clock/mod.ts";
import { type Host, joinPath, runDir } from "../core/config/mod.ts";
import { Credentials } from "../core/credentials/mod.ts";
import { loadAgentIdentity } from "../core/identity/mod.ts";
import { createLog, defectText, type Log, LogRing } from "../core/log/mod.ts";
import type { PathKind, StunServer } from "../core/path/mod.ts";
import { Agent } from "./agent.ts";
import { type AgentConfig, type ConfigSurroundings, loadConfig, readConfig } from "./config.ts";
import { configOfFlags, type MachineFlags } from "./flags.ts";
import { keyPath, loadIds, statePath } from "./ids.ts";
import { Management } from "./management/mod.ts";
import { RunFile } from "./run_file.ts";
import type { Surroundings } from "./surroundings.ts";
import { addStoredTokens } from "./tokens.ts";

/** What a stop may take before the process ends without having finished it. */
const STOP_TIMEOUT_MS = 3000;

/** Time for the answer to a request to leave before the agent begins anew. Spec: agent.md 7 */
const RESTART_DELAY_MS = 500;

/** What `telad` has of the process it runs in. */
export interface ProgramSurroundings {
  /** System and environment. */
  readonly host: Host;
  /** Number of this process. */
  readonly pid: number;
  /** Host name of this machine. */
  hostname(): string;
  /** Sends an HTTP request. */
  fetch(request: Request): Promise<Response>;
  /** Clock, sockets and tunnels for an agent that logs to `log`. */
  open(log: Log, verbose: boolean): Surroundings;
  /** Calls `stop` at the first signal to end, once; the second ends the process. */
  onStop(stop: () => void): Disposable;
  /** Calls `report` for what nobody caught, which then does not end the process. */
  onCrash(report: (error: unknown) => void): Disposable;
}

/** The values of the flags, as far as they matter here. */
export interface Settings extends MachineFlags {
  /** Path of the configuration file; undefined where flags describe the machine. */
  readonly config: string | undefined;
  /** Largest IP packet sent, in bytes. */
  readonly mtuBytes: number;
  /** How long a session waits for a client that has lost its connection, in ms. */
  readonly graceMs: number;
  /** Paths to send by; undefined for all. */
  readonly paths: readonly PathKind[] | undefined;
  /** STUN servers besides the hub. */
  readonly stunServers: readonly StunServer[];
  /** Whether each connection is logged. */
  readonly verbose: boolean;
  /** Whether the agent ends as soon as the hub refuses a token. */
  readonly exitOnRefusal: boolean;
}

/** Where a command runs. */
export interface Place {
  /** Arguments, environment and streams. */
  readonly io: Io;
  /** The process. */
  readonly process: ProgramSurroundings;
}

/** A log to the standard error, whose last lines are kept in `ring`. */
export function logTo(io: Io, ring?: LogRing): Log {
  const write = (line: string) => {
    ring?.push(line);
    io.stderr(`${line}\n`);
  };
  return createLog({ component: "telad", write, clock: systemClock });
}

async function load(
  settings: Settings,
  surroundings: ConfigSurroundings,
  log: Log,
): Promise<AgentConfig> {
  const { config: path } = settings;
  const { config, warnings } = path === undefined
    ? configOfFlags(settings, surroundings)
    : await loadConfig(path, surroundings);
  for (const warning of warnings) log(warning);
  const readCredentials = () => Credentials.read(surroundings.host);
  return await addStoredTokens(config, { readCredentials, log });
}

/** One life of the agent: from reading its configuration to its end. */
class Life {
  readonly #settings: Settings;
  readonly #process: ProgramSurroundings;
  readonly #log: Log;
  readonly #ring: LogRing;
  #agent: Agent | undefined;
  #restartTimer: { cancel(): void } | undefined;
  #again = false;

  constructor(settings: Settings, { process, log, ring }: {
    process: ProgramSurroundings;
    log: Log;
    ring: LogRing;
  }) {
    this.#settings = settings;
    this.#process = process;
    this.#log = log;
    this.#ring = ring;
  }

  /** Runs; true if it is to begin anew. */
  async run(): Promise<boolean> {
    const { host, pid } = this.#process;
    const log = this.#log;
    const config = await load(this.#settings, this.#configSurroundings, log);
    const { path } = config;
    const machines = config.machines.map(({ name }) => name);
    const surroundings = this.#process.open(log, this.#settings.verbose);
    const ids = await loadIds({ path: statePath(host, path), machines, log });
    const { random } = surroundings;
    const identity = await loadAgentIdentity({ path: keyPath(host, path), random, log });
    log(`version ${VERSION}, agent ${ids.agentId}, machines: ${machines.join(", ")}`);
    log(`identity ${identity.fingerprint}`);
    const runFile = path === undefined
      ? undefined
      : new RunFile(joinPath(host, [runDir(host), "telad.json"]), { config, pid, log });
    await runFile?.write();
    const management = this.#management(config, surroundings.clock);
    const { mtuBytes, graceMs, paths, stunServers, exitOnRefusal } = this.#settings;
    try {
      this.#agent = new Agent({
        ...{ config, ids, identity, mtuBytes, graceMs, paths, stunServers },
        ...{ exitOnRefusal, surroundings },
        version: VERSION,
        manage: (request) => management.answer(request),
      });
      const end = await this.#untilStopped(this.#agent);
      if (end === "refused") throw new Error("The hub refused the token of this agent");
    } finally {
      this.#restartTimer?.cancel();
      await runFile?.remove();
    }
    return this.#again;
  }

  get #configSurroundings(): ConfigSurroundings {
    return { host: this.#process.host, hostname: this.#process.hostname() };
  }

  #management({ hub, path }: AgentConfig, clock: Clock): Management {
    const surroundings = this.#configSurroundings;
    return new Management({
      hub,
      configPath: path,
      check: (file) => void readConfig(file, surroundings),
      logs: this.#ring,
      onChanged: async (name) => {
        if (path === undefined) return;
        const { config } = await loadConfig(path, surroundings);
        const machine = config.machines.find((other) => other.name === name);
        if (machine !== undefined) this.#agent?.describe(machine);
      },
      restart: async () => {
        if (path !== undefined) await loadConfig(path, surroundings);
        this.#restartTimer ??= clock.setTimer(() => {
          this.#again = true;
          this.#agent?.stop();
        }, RESTART_DELAY_MS);
      },
      log: this.#log,
    });
  }

  /** Resolves at the end of the agent, or some seconds after it was told to stop. */
  async #untilStopped(agent: Agent): Promise<"refused" | "stopped"> {
    const overdue = Promise.withResolvers<"stopped">();
    let timer: { cancel(): void } | undefined;
    using _signals = this.#process.onStop(() => {
      this.#restartTimer?.cancel();
      this.#again = false;
      agent.stop();
      timer = systemClock.setTimer(() => overdue.resolve("stopped"), STOP_TIMEOUT_MS);
    });
    try {
      return await Promise.race([agent.run(), overdue.promise]);
    } finally {
      timer?.cancel();
    }
  }
}

/**
 * Runs the agent until it is told to end. A restart that the hub asks for begins anew in this process:
 * it reads its configuration again and needs neither a right to start programs nor a supervisor.
 */
export async function runTelad(settings: Settings, { io, process }: Place): Promise<void> {
  const ring = new LogRing();
  const log = logTo(io, ring);
  // One machine's fault must not end the others.
  using _crashes = process.onCrash((error) => log(`internal error: ${defectText(error)}`));
  while (await new Life(settings, { process, log, ring }).run()) log("restarting");
}
