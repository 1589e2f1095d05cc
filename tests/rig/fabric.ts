import { encodeHex } from "../../core/bytes/mod.ts";
import { systemRandom } from "../../core/clock/mod.ts";
import type { Process } from "./process.ts";
import { startProgram } from "./programs.ts";
import { freePort } from "./tcp.ts";
import { until } from "./until.ts";

/** Name under which the rig's agent registers its machine. */
export const MACHINE = "barn";

/** Lines by which the programs tell what they have done. */
const HUB_LISTENS = /listening .*:(\d+)/i;
const AGENT_REGISTERED = /registered/i;
const CLIENT_BOUND = /localhost:(\d+)\s+→/;

/** A fresh token, as the hub makes them: 64 hexadecimal digits. */
export function newToken(): string {
  const bytes = new Uint8Array(32);
  systemRandom(bytes);
  return encodeHex(bytes);
}

/** Where a hub, an agent or a client is started, and towards which hub. */
export interface PeerOptions {
  /** Hub to dial, as `ws://127.0.0.1:41234`. */
  hubUrl: string;
  /** Token to show. */
  token: string;
  /** Home directory of the process; created if missing. */
  home: string;
}

/** Options of {@linkcode startHub}. */
export interface HubOptions {
  /** Home directory; `telahubd.yaml` in it is the configuration. Created if missing. */
  home: string;
  /** Owner token of the first start. Without one the hub invents and prints it. */
  ownerToken?: string;
  /** Port to listen on. Default 0: one that the system picks. */
  port?: number;
}

/** A hub that listens. */
export interface RunningHub {
  process: Process;
  port: number;
  /** `ws://127.0.0.1:PORT` */
  url: string;
}

/** Starts a hub and waits until it listens. */
export async function startHub({ home, ownerToken, port = 0 }: HubOptions): Promise<RunningHub> {
  await Deno.mkdir(home, { recursive: true });
  const env: Record<string, string> = { TELAHUBD_PORT: String(port), TELAHUBD_UDP_PORT: "0" };
  if (ownerToken !== undefined) env.TELA_OWNER_TOKEN = ownerToken;
  const args = ["-config", `${home}/telahubd.yaml`];
  const process = await startProgram("telahubd", { name: "hub", args, home, env });
  const [, listening] = await orStop(process, process.waitForLine(HUB_LISTENS));
  return { process, port: Number(listening), url: `ws://127.0.0.1:${listening}` };
}

/** Starts an agent for machine `barn` with these target ports, and does not wait for anything. */
export async function launchAgent(
  { hubUrl, token, home }: PeerOptions,
  ports: string,
): Promise<Process> {
  await Deno.mkdir(home, { recursive: true });
  const args = ["-hub", hubUrl, "-machine", MACHINE, "-ports", ports];
  return await startProgram("telad", { name: "agent", args, home, env: { TELA_TOKEN: token } });
}

/** Starts an agent and waits until the hub has registered its machine. */
export async function startAgent(options: PeerOptions, ports: string): Promise<Process> {
  const process = await launchAgent(options, ports);
  await orStop(process, process.waitForLine(AGENT_REGISTERED));
  return process;
}

/** Starts a client towards machine `barn` and does not wait for anything. */
export async function launchClient(
  { hubUrl, token, home }: PeerOptions,
  ports: string,
): Promise<Process> {
  await Deno.mkdir(home, { recursive: true });
  const args = ["connect", "-hub", hubUrl, "-machine", MACHINE, "-ports", ports];
  return await startProgram("tela", { name: "client", args, home, env: { TELA_TOKEN: token } });
}

/** A client and the local ports it has bound. */
export interface RunningClient {
  process: Process;
  /** Bound local ports, one for each remote port asked for, in the same order. */
  localPorts: number[];
}

/** Starts a client and waits until it has bound a local port for each of `remotePorts`. */
export async function startClient(
  options: PeerOptions,
  remotePorts: number[],
): Promise<RunningClient> {
  const ports = remotePorts.map((remote) => `${freePort()}:${remote}`).join(",");
  const process = await launchClient(options, ports);
  const localPorts: number[] = [];
  for (let nth = 1; nth <= remotePorts.length; nth++) {
    const match = await orStop(process, process.waitForLine(CLIENT_BOUND, { nth }));
    localPorts.push(Number(match[1]));
  }
  return { process, localPorts };
}

async function orStop<T>(process: Process, step: Promise<T>): Promise<T> {
  try {
    return await step;
  } catch (error) {
    await process.kill();
    throw error;
  }
}

/** Options of {@linkcode Fabric.start}. */
export interface FabricOptions {
  /** Ports of services on this machine that the agent forwards. */
  targetPorts: number[];
  /** Ports the client asks for. Default: all of `targetPorts`. */
  remotePorts?: number[];
}

/** A hub, an agent for machine `barn` and a client in a directory of their own. */
export class Fabric implements AsyncDisposable {
  /** Removed in the end; holds the homes of the three programs. */
  readonly directory: string;
  /** The hub's owner token, which the agent and the client use too. */
  readonly token = newToken();
  #hub?: RunningHub;
  #agent?: Process;
  #client?: RunningClient;

  private constructor(directory: string) {
    this.directory = directory;
  }

  /** Starts the three and waits until the client's local ports are bound. */
  static async start({ targetPorts, remotePorts }: FabricOptions): Promise<Fabric> {
    const fabric = new Fabric(await Deno.makeTempDir({ prefix: "tela-" }));
    try {
      await fabric.startHub();
      await fabric.startAgent(targetPorts);
      await fabric.startClient(remotePorts ?? targetPorts);
      return fabric;
    } catch (error) {
      await fabric[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** The hub that runs now, or ran last. */
  get hub(): RunningHub {
    return this.#hub!;
  }

  /** The agent that runs now, or ran last. */
  get agent(): Process {
    return this.#agent!;
  }

  /** The client that runs now, or ran last. */
  get client(): Process {
    return this.#client!.process;
  }

  /** Local port of the client for the first port asked for, or the one at `index`. */
  localPort(index = 0): number {
    return this.#client!.localPorts[index]!;
  }

  /** Starts the hub, on the port it had before if it ran before. */
  async startHub(): Promise<void> {
    this.#hub = await startHub({
      home: `${this.directory}/hub`,
      ownerToken: this.token,
      port: this.#hub?.port ?? 0,
    });
  }

  /** Starts the agent in its old home, so with its old identity. */
  async startAgent(targetPorts: number[]): Promise<void> {
    this.#agent = await startAgent(this.#peer("agent"), targetPorts.join(","));
  }

  /** Starts the client. */
  async startClient(remotePorts: number[]): Promise<void> {
    this.#client = await startClient(this.#peer("client"), remotePorts);
  }

  /** The machine as the hub's `/api/status` shows it, or undefined while it is unknown there. */
  async machine(): Promise<{ agentConnected: boolean; sessionCount: number } | undefined> {
    const response = await fetch(`http://127.0.0.1:${this.hub.port}/api/status`, {
      headers: { authorization: `Bearer ${this.token}` },
    });
    const { machines } = await response.json();
    return machines.find((machine: { id: string }) => machine.id === MACHINE);
  }

  /** Waits until the hub counts exactly this many sessions of the machine. */
  async waitForSessions(count: number): Promise<void> {
    await until(async () => (await this.machine())?.sessionCount === count, {
      what: `${count} sessions of ${MACHINE} at the hub`,
    });
  }

  /** Stops the three, nearest to the user first, and removes the directory. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client?.process.stop();
    await this.#agent?.stop();
    await this.#hub?.process.stop();
    await Deno.remove(this.directory, { recursive: true });
  }

  #peer(role: string): PeerOptions {
    return { hubUrl: this.hub.url, token: this.token, home: `${this.directory}/${role}` };
  }
}
