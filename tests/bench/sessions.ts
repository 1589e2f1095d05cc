/**
 * Many sessions at once, by hand: one hub, one agent with three machines of 100 clients each, all
 * sending as fast as they can. Prints what an idle session costs the hub, how even the shares are,
 * and whether memory stays flat.
 *
 *     DENO_TOKIO_EVENT_INTERVAL=1 deno run -A tests/bench/sessions.ts [seconds, 300 unless given] [clients a machine, 100]
 *
 * @module
 */

import { encodeHex } from "../../core/bytes/mod.ts";
import { systemClock, systemRandom } from "../../core/clock/mod.ts";
import { dialHub } from "../../core/path/mod.ts";
import type { TcpConn } from "../../core/netstack/mod.ts";
import { Tunnel } from "../../core/tunnel/mod.ts";
import { generatePrivateKey, parseKey, publicKey } from "../../core/wireguard/mod.ts";
import {
  hubListens,
  launchHub,
  newToken,
  noise,
  type Process,
  residentBytes,
  startProgram,
} from "../rig/mod.ts";
import { HEAD_BYTES, Sink } from "./sink.ts";

const MACHINES = ["barn", "shed", "attic"];
const REPORTS = 10;

const [seconds = 300, clientsEach = 100] = Deno.args.map(Number);
const token = newToken();
const clock = systemClock;
const random = systemRandom;

function print(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}

async function megabytes({ pid }: Process): Promise<number> {
  return (await residentBytes(pid) ?? 0) / 1e6;
}

async function launchAgent(hubUrl: string, home: string, port: number): Promise<Process> {
  await Deno.mkdir(home);
  const machines = MACHINES.map((name) => `  - { name: ${name}, ports: [${port}] }\n`).join("");
  const config = `${home}/telad.yaml`;
  await Deno.writeTextFile(config, `hub: ${hubUrl}\ntoken: ${token}\nmachines:\n${machines}`, {
    mode: 0o600,
  });
  return await startProgram("telad", { name: "agent", args: ["-config", config], home, env: {} });
}

/** A session like that of `tela connect`, but in this process and by WebSocket alone. */
async function openSession(hubUrl: string, machine: string): Promise<Tunnel> {
  const privateKey = generatePrivateKey(random);
  const socket = await dialHub({ url: hubUrl, clock, random });
  socket.send({
    type: "connect",
    machineId: machine,
    token,
    wgPubKey: encodeHex(publicKey(privateKey)),
  });
  let sessionIdx = 0;
  let peerPublicKey: Uint8Array | undefined;
  while (sessionIdx === 0 || peerPublicKey === undefined) {
    const message = await socket.next();
    if (message === undefined) throw new Error("The hub closed the connection");
    if (message.type === "error") throw new Error(`The hub refused: ${message.message}`);
    if (message.type === "ready") ({ sessionIdx } = message);
    if (message.type === "wg-pubkey") peerPublicKey = parseKey(message.wgPubKey);
  }
  const tunnel = new Tunnel({
    ...{ role: "client", sessionIdx, privateKey, peerPublicKey, clock, random },
    mtuBytes: 16_384,
  });
  tunnel.attach(socket);
  return tunnel;
}

/** Opens the connection of a session to the sink and says which one it is. */
async function connect(tunnel: Tunnel, { port, index }: { port: number; index: number }) {
  const connection = await tunnel.connect({ port });
  const head = new Uint8Array(HEAD_BYTES);
  new DataView(head.buffer).setUint32(0, index);
  await connection.write(head);
  return connection;
}

/** Sends on a connection until its tunnel ends. */
async function send(tunnel: Tunnel, connection: TcpConn): Promise<void> {
  const chunk = noise(64 * 1024, 1);
  try {
    for (;;) await connection.write(chunk);
  } catch (error) {
    if (tunnel.state !== "ended") throw error;
  }
}

using sink = new Sink();
const port = await sink.port;

const home = await Deno.makeTempDir();
await using hub = await launchHub({ home: `${home}/hub`, ownerToken: token });
const hubUrl = `ws://127.0.0.1:${await hubListens(hub)}`;
await using agent = await launchAgent(hubUrl, `${home}/agent`, port);
for (const [i] of MACHINES.entries()) await agent.waitForLine(/registered with/, { nth: i + 1 });

const tunnels: Tunnel[] = [];
/** Opens sessions with every machine and gives the hub's memory once all is quiet, in MB. */
async function openAndSettle(countEach: number): Promise<number> {
  for (const machine of MACHINES) {
    for (let i = 0; i < countEach; i++) tunnels.push(await openSession(hubUrl, machine));
  }
  await new Promise((resolve) => setTimeout(resolve, 10_000));
  return await megabytes(hub);
}
// The code that the first sessions make the hub compile is not what a session costs.
const firstEach = Math.ceil(clientsEach / 5);
const emptyMb = await openAndSettle(firstEach);
const first = tunnels.length;
const idleMb = await openAndSettle(clientsEach - firstEach);
const perSessionKb = (idleMb - emptyMb) * 1000 / (tunnels.length - first);
print(
  `${first} to ${tunnels.length} idle sessions: hub ${emptyMb.toFixed(0)} to ` +
    `${idleMb.toFixed(0)} MB, ` +
    `${perSessionKb.toFixed(1)} kB each; agent ${(await megabytes(agent)).toFixed(0)} MB`,
);

const connections = await Promise.all(
  tunnels.map((tunnel, index) => connect(tunnel, { port, index })),
);
while (Object.keys(await sink.received()).length < tunnels.length) {
  await new Promise((resolve) => setTimeout(resolve, 100));
}
const sending = tunnels.map((tunnel, index) => send(tunnel, connections[index]!));
const startMs = clock.nowMs();
let last: number[] = [];
for (let report = 1; report <= REPORTS; report++) {
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000 / REPORTS));
  const received = await sink.received();
  const shares = received.map((bytes, i) => bytes - (last[i] ?? 0)).toSorted((a, b) => a - b);
  last = received;
  const total = shares.reduce((sum, bytes) => sum + bytes, 0);
  const mbit = total * 8 / (seconds * 1e6 / REPORTS);
  const spread = shares.at(-1)! / Math.max(shares[0]!, 1);
  print(
    `${((clock.nowMs() - startMs) / 1000).toFixed(0).padStart(4)} s: ` +
      `${shares.length} sessions, ${mbit.toFixed(0)} Mbit/s, largest share ${
        spread.toFixed(2)
      } times ` +
      `the least, ${tunnels.filter(({ state }) => state !== "up").length} without a path; ` +
      `hub ${(await megabytes(hub)).toFixed(0)} MB, ` +
      `agent ${(await megabytes(agent)).toFixed(0)} MB`,
  );
}
const totals = last.toSorted((a, b) => a - b);
print(`Over all: largest share ${(totals.at(-1)! / totals[0]!).toFixed(2)} times the least`);
for (const tunnel of tunnels) tunnel.end("measured");
await Promise.all(sending);
await new Promise((resolve) => setTimeout(resolve, 15_000));
print(
  `All closed: hub ${(await megabytes(hub)).toFixed(0)} MB, ` +
    `agent ${(await megabytes(agent)).toFixed(0)} MB`,
);
const lost = [hub, agent].flatMap(({ output }) =>
  output.split("\n").filter((line) => /silent|cannot|DEGRADED|error|did not/.test(line))
);
print(`${lost.length} lines of the logs tell of trouble${lost.length > 0 ? ", the first:" : ""}`);
for (const line of lost.slice(0, 5)) print(`  ${line}`);
