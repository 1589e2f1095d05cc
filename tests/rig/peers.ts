import { encodeHex } from "../../core/bytes/mod.ts";
import { systemRandom } from "../../core/clock/mod.ts";
import { freePort } from "../../core/stream/testing/mod.ts";
import type { Process } from "./process.ts";
import { startProgram } from "./programs.ts";

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

/** Options of {@linkcode launchHub}. */
export interface HubOptions {
  /** Home directory; `telahubd.yaml` in it is the configuration. Created if missing. */
  home: string;
  /** Owner token of the first start. Without one the hub invents and prints it. */
  ownerToken?: string;
  /** Port to listen on. Default 0: one that the system picks. */
  port?: number;
}

/** Where an agent or a client is started, and towards which hub. */
export interface PeerOptions {
  /** Hub to dial, as `ws://127.0.0.1:41234`. */
  hubUrl: string;
  /** Token to show. */
  token: string;
  /** Home directory of the process; created if missing. */
  home: string;
  /** More flags. Default none. */
  flags?: readonly string[];
  /** File of the tree to run in place of the program's own. Default: none. */
  script?: string | undefined;
  /** Words before the command, such as `sh -c …`. Default: none. */
  prefix?: readonly string[] | undefined;
}

/** Starts a hub and waits for nothing. */
export async function launchHub({ home, ownerToken, port = 0 }: HubOptions): Promise<Process> {
  await Deno.mkdir(home, { recursive: true });
  const env: Record<string, string> = { TELAHUBD_PORT: String(port), TELAHUBD_UDP_PORT: "0" };
  if (ownerToken !== undefined) env.TELA_OWNER_TOKEN = ownerToken;
  const args = ["-config", `${home}/telahubd.yaml`];
  return await startProgram("telahubd", { name: "hub", args, home, env });
}

/** Starts an agent for machine `barn` with these target ports and waits for nothing. */
export async function launchAgent(
  { hubUrl, token, home, flags = [], ...how }: PeerOptions,
  ports: number[],
): Promise<Process> {
  await Deno.mkdir(home, { recursive: true });
  const args = ["-hub", hubUrl, "-machine", MACHINE, "-ports", ports.join(","), ...flags];
  const env = { TELA_TOKEN: token };
  return await startProgram("telad", { name: "agent", args, home, env, ...how });
}

/** Starts a client that forwards free local ports to `remotePorts`, and waits for nothing. */
export async function launchClient(
  { hubUrl, token, home, flags = [], ...how }: PeerOptions,
  remotePorts: number[],
): Promise<Process> {
  await Deno.mkdir(home, { recursive: true });
  const ports = remotePorts.map((remote) => `${freePort()}:${remote}`).join(",");
  const args = ["connect", "-hub", hubUrl, "-machine", MACHINE, "-ports", ports, ...flags];
  const env = { TELA_TOKEN: token };
  return await startProgram("tela", { name: "client", args, home, env, ...how });
}

/** The port a hub listens on, as soon as it does. */
export async function hubListens(hub: Process): Promise<number> {
  return Number((await hub.waitForLine(HUB_LISTENS))[1]);
}

/** Resolves once the hub has registered the agent's machine. */
export async function agentRegistered(agent: Process): Promise<void> {
  await agent.waitForLine(AGENT_REGISTERED);
}

/** The local ports of a client, in the order it was asked for them, as soon as all are bound. */
export async function clientBound(client: Process, count: number): Promise<number[]> {
  const ports: number[] = [];
  for (let nth = 1; nth <= count; nth++) {
    ports.push(Number((await client.waitForLine(CLIENT_BOUND, { nth }))[1]));
  }
  return ports;
}
