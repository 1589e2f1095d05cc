import assert from "node:assert/strict";
import { freePort } from "../../core/stream/testing/mod.ts";
import { fetchLocal } from "./http.ts";
import {
  agentRegistered,
  clientBound,
  hubListens,
  launchAgent,
  launchClient,
  launchHub,
  MACHINE,
  newToken,
  type PeerOptions,
} from "./peers.ts";
import type { Process } from "./process.ts";
import { until } from "./until.ts";

/** Options of {@linkcode Fabric.start}. */
export interface FabricOptions {
  /** Ports of services on this machine that the agent forwards. */
  targetPorts: number[];
  /** Ports the client asks for. Default: all of `targetPorts`. */
  remotePorts?: number[];
  /** More flags of the agent. Default none. */
  agentFlags?: readonly string[];
}

/** A hub, an agent for machine `barn` and a client, with a directory of their own. */
export class Fabric implements AsyncDisposable {
  /** Removed in the end; holds the homes of the three programs. */
  readonly directory: string;
  /** The hub's owner token, which the agent and the client use too. */
  readonly token: string = newToken();
  /** Where agent and client dial. Default: the hub itself. */
  hubUrlForPeers?: string;
  /** Files of the tree that run in place of `telad` and `tela`. Default: none. */
  scripts: { agent?: string; client?: string } = {};
  /** Words before the commands of `telad` and `tela`. Default: none. */
  prefixes: { agent?: readonly string[]; client?: readonly string[] } = {};
  readonly #launches: Promise<Process>[] = [];
  readonly #processes: Process[] = [];
  #hub?: Process;
  /** Nobody else may get it while the hub is down. */
  readonly #hubPort = freePort();
  #agent?: Process;
  #client?: Process;
  #localPorts: number[] = [];

  private constructor(directory: string) {
    this.directory = directory;
  }

  /** Makes the directory and starts nothing yet. */
  static async create(): Promise<Fabric> {
    return new Fabric(await Deno.makeTempDir({ prefix: "tela-" }));
  }

  /** Starts the three and waits until the client's local ports are bound. */
  static async start({ targetPorts, remotePorts, agentFlags }: FabricOptions): Promise<Fabric> {
    const fabric = await Fabric.create();
    try {
      await fabric.startHub();
      await fabric.startAgent(targetPorts, agentFlags);
      await fabric.startClient(remotePorts ?? targetPorts);
      return fabric;
    } catch (error) {
      await fabric[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** The hub started last. */
  get hub(): Process {
    return this.#hub!;
  }

  /** The agent started last. */
  get agent(): Process {
    return this.#agent!;
  }

  /** The client started last. */
  get client(): Process {
    return this.#client!;
  }

  /** Every program started so far, in that order, whether it got ready or not. */
  get processes(): readonly Process[] {
    return this.#processes;
  }

  /** Port of the hub. */
  get hubPort(): number {
    return this.#hubPort;
  }

  /** Address of the hub, as `ws://127.0.0.1:41234`. */
  get hubUrl(): string {
    return `ws://127.0.0.1:${this.#hubPort}`;
  }

  /** Local port of the client for the first port asked for, or the one at `index`. */
  localPort(index = 0): number {
    return this.#localPorts[index]!;
  }

  /** Home directory of the hub, an agent or a client. */
  home(role: "hub" | "agent" | "client"): string {
    return `${this.directory}/${role}`;
  }

  /** Starts the hub, with the port and the state it had before if it ran before. */
  async startHub(): Promise<void> {
    const options = { home: this.home("hub"), ownerToken: this.token, port: this.#hubPort };
    this.#hub = await this.#launch(launchHub(options));
    await hubListens(this.#hub);
  }

  /** Starts the agent, with the identity it had before if it ran before. */
  async startAgent(targetPorts: number[], flags: readonly string[] = []): Promise<void> {
    const peer = { ...this.#peer("agent"), flags };
    this.#agent = await this.#launch(launchAgent(peer, targetPorts));
    await agentRegistered(this.#agent);
  }

  /** Starts the client. */
  async startClient(remotePorts: number[], flags: readonly string[] = []): Promise<void> {
    const peer = { ...this.#peer("client"), flags };
    this.#client = await this.#launch(launchClient(peer, remotePorts));
    this.#localPorts = await clientBound(this.#client, remotePorts.length);
  }

  /**
   * Asks the hub as its owner, as in `POST /api/admin/tokens`, and gives the answer's JSON.
   *
   * @throws {AssertionError} if the hub refuses, with what it says
   */
  // deno-lint-ignore no-explicit-any
  async ask(request: string, body?: object): Promise<any> {
    const [method, path] = request.split(" ");
    const response = await fetchLocal(`http://127.0.0.1:${this.#hubPort}${path}`, {
      method: method!,
      headers: { authorization: `Bearer ${this.token}` },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const answer = await response.json();
    assert.ok(response.ok, JSON.stringify(answer));
    return answer;
  }

  /** The machine as the hub's `/api/status` shows it, or undefined while it is unknown there. */
  async machine(): Promise<{ agentConnected: boolean; sessionCount: number } | undefined> {
    const { machines } = await this.ask("GET /api/status");
    return machines.find((machine: { id: string }) => machine.id === MACHINE);
  }

  /** Waits until the hub counts exactly this many sessions of the machine. */
  async waitForSessions(count: number): Promise<void> {
    await until(async () => (await this.machine())?.sessionCount === count, {
      what: `${count} sessions of ${MACHINE} at the hub`,
    });
  }

  /**
   * Waits until the client says that its first tunnel is up. The hub counts the session earlier,
   * before the two ends have shaken hands through it.
   */
  async waitForTunnel(): Promise<void> {
    await this.client.waitForLine(/Connected to machine/);
  }

  /** Stops every program, the last started first. */
  async stop(): Promise<void> {
    // A start that was given up on may still be about to spawn its process.
    await Promise.allSettled(this.#launches);
    for (const process of this.#processes.toReversed()) await process.stop();
  }

  /** Stops every program and removes the directory. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await Deno.remove(this.directory, { recursive: true });
  }

  #peer(role: "agent" | "client"): PeerOptions {
    return {
      hubUrl: this.hubUrlForPeers ?? this.hubUrl,
      token: this.token,
      home: this.home(role),
      script: this.scripts[role],
      prefix: this.prefixes[role],
    };
  }

  async #launch(launch: Promise<Process>): Promise<Process> {
    this.#launches.push(launch);
    const process = await launch;
    this.#processes.push(process);
    return process;
  }
}
