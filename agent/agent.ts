import type { DefaultUpdate, MgmtRequest, MgmtResponse } from "../core/control/mod.ts";
import type { AgentIdentity } from "../core/identity/mod.ts";
import type { PathKind, StunServer } from "../core/path/mod.ts";
import type { AgentConfig, MachineConfig } from "./config.ts";
import type { AgentIds } from "./ids.ts";
import { type MachineEnd, runMachine } from "./machine.ts";
import { mergeUpdate } from "./register.ts";
import { Registration } from "./registration.ts";
import type { Surroundings } from "./surroundings.ts";

/** Options of {@linkcode Agent}. */
export interface AgentOptions {
  /** What to run. */
  config: AgentConfig;
  /** What it is called at the hub. */
  ids: AgentIds;
  /** Who it is to clients. */
  identity: AgentIdentity;
  /** Version of this program, as the hub is told. */
  version: string;
  /** Largest IP packet sent, in bytes. */
  mtuBytes: number;
  /** How long a session waits for a client that has lost its connection, in ms; 0 for not at all. */
  graceMs: number;
  /** Paths to send by; undefined for all. */
  paths?: readonly PathKind[] | undefined;
  /** STUN servers besides the hub. Default: none. */
  stunServers?: readonly StunServer[] | undefined;
  /** Whether the agent ends as soon as the hub refuses a token. */
  exitOnRefusal: boolean;
  /** Answers management requests; never rejects. */
  manage: (request: MgmtRequest) => Promise<MgmtResponse>;
  /** Clock, log, and how the rest is reached. */
  surroundings: Surroundings;
}

/** All machines of one process. Each has its own connection to the hub and fails on its own. */
export class Agent {
  readonly #options: AgentOptions;
  readonly #stopped = new AbortController();
  readonly #registrations = new Map<string, Registration>();
  #update: DefaultUpdate;

  /** Starts nothing until {@linkcode Agent.run}. */
  constructor(options: AgentOptions) {
    this.#options = options;
    this.#update = options.config.update;
    for (const machine of options.config.machines) {
      this.#registrations.set(machine.name, new Registration(machine));
    }
  }

  /** Shows the hub a machine of this agent as it is described now. */
  describe(machine: MachineConfig): void {
    this.#registrations.get(machine.name)?.describe(machine);
  }

  /** Update settings: the operator's own, completed by what the hub has suggested last. */
  get update(): DefaultUpdate {
    return this.#update;
  }

  /** Runs until it is stopped or, if so asked, a token is refused. Nothing is left open then. */
  async run(): Promise<MachineEnd> {
    const ends = await Promise.all(
      this.#options.config.machines.map((machine) => this.#runMachine(machine)),
    );
    return ends.includes("refused") ? "refused" : "stopped";
  }

  /** Tells all machines to leave their hub; {@linkcode Agent.run} resolves soon after. */
  stop(): void {
    this.#stopped.abort(new Error("the agent is stopping"));
  }

  async #runMachine(machine: MachineConfig): Promise<MachineEnd> {
    const { config, ids, version, surroundings, ...options } = this.#options;
    const log = surroundings.log.for(`telad:${machine.name}`);
    const end = await runMachine({
      ...options,
      hub: config.hub,
      machine,
      registration: this.#registrations.get(machine.name)!,
      agentId: ids.agentId,
      machineRegistrationId: ids.registrationIds.get(machine.name) ?? "",
      agentVersion: version,
      onUpdate: (suggested) => this.#update = mergeUpdate(config.update, suggested),
      surroundings: { ...surroundings, log },
      signal: this.#stopped.signal,
    });
    if (end === "refused") this.stop();
    return end;
  }
}
