/**
 * Agents that register, by hand: one hub, and as many of the smallest possible agents as are asked
 * for, 64 of them at a time. Prints registrations a second, what one costs the hub, what an agent
 * that stays takes of its memory, and how long `/api/status` takes with all of them. The first round
 * meets a hub that has just started; the others are of agents that come back. Linux alone, for `/proc`.
 *
 *     deno run -A tests/bench/registrations.ts [agents, 2000 unless given] [rounds, 5]
 *
 * @module
 */

import {
  dial,
  hubListens,
  launchHub,
  newToken,
  type Process,
  residentBytes,
  until,
  writeAll,
} from "../rig/mod.ts";
import { median } from "./measure.ts";
import { printRow } from "./services.ts";

const IN_FLIGHT = 64;
const STATUS_REQUESTS = 20;
/** Of `/proc/PID/stat`: a tick is 10 ms. */
const MS_PER_TICK = 10;
const MASK_KEY = [0x1d, 0x2c, 0x3b, 0x4a];
const UPGRADE = [
  "GET / HTTP/1.1",
  "Host: 127.0.0.1",
  "Upgrade: websocket",
  "Connection: Upgrade",
  "Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==",
  "Sec-WebSocket-Version: 13",
].join("\r\n") + "\r\n\r\n";

const [agents = 2000, rounds = 5] = Deno.args.map(Number);
const token = newToken();
const upgrade = new TextEncoder().encode(UPGRADE);
const registrations = Array.from({ length: agents }, (_, i) => registration(i));

/** The one frame that an agent sends. */
function registration(index: number): Uint8Array {
  const text = JSON.stringify({
    type: "register",
    protocolVersion: 1,
    machineName: `machine-${index}`,
    agentId: crypto.randomUUID(),
    machineRegistrationId: crypto.randomUUID(),
    token,
    ports: [22],
    services: [{ port: 22, name: "SSH" }],
  });
  const payload = new TextEncoder().encode(text).map((byte, i) => byte ^ MASK_KEY[i & 3]!);
  const { length } = payload;
  return new Uint8Array([0x81, 0xfe, length >>> 8, length & 0xff, ...MASK_KEY, ...payload]);
}

/** Opens a WebSocket and registers; the connection stays open. */
async function register(port: number, frame: Uint8Array): Promise<Deno.TcpConn> {
  const connection = await dial(port);
  await writeAll(connection, upgrade);
  await readUntil(connection, "\r\n\r\n");
  await writeAll(connection, frame);
  await readUntil(connection, '"registered"');
  return connection;
}

async function readUntil(connection: Deno.TcpConn, wanted: string): Promise<void> {
  const buffer = new Uint8Array(512);
  let text = "";
  while (!text.includes(wanted)) {
    const count = await connection.read(buffer);
    if (count === null) throw new Error(`The hub closed the connection after ${text}`);
    text += new TextDecoder().decode(buffer.subarray(0, count));
  }
}

async function cpuMs(pid: number): Promise<number> {
  const stat = await Deno.readTextFile(`/proc/${pid}/stat`);
  const [user, system] = stat.slice(stat.lastIndexOf(")") + 2).split(" ").slice(11, 13);
  return (Number(user) + Number(system)) * MS_PER_TICK;
}

async function onlineMachines(port: number): Promise<number> {
  const response = await fetch(`http://127.0.0.1:${port}/api/status`, {
    headers: { authorization: `Bearer ${token}` },
  });
  const { machines } = await response.json();
  return machines.filter(({ agentConnected }: { agentConnected: boolean }) => agentConnected)
    .length;
}

async function statusMs(port: number): Promise<number> {
  const tookMs: number[] = [];
  for (let i = 0; i < STATUS_REQUESTS; i++) {
    const startMs = performance.now();
    await onlineMachines(port);
    tookMs.push(performance.now() - startMs);
  }
  return median(tookMs);
}

async function round(hub: Process, port: number): Promise<string[]> {
  const connections: Deno.TcpConn[] = [];
  let next = 0;
  const work = async () => {
    while (next < agents) connections.push(await register(port, registrations[next++]!));
  };
  const [beforeBytes, beforeMs] = [await residentBytes(hub.pid) ?? 0, await cpuMs(hub.pid)];
  const startMs = performance.now();
  await Promise.all(Array.from({ length: IN_FLIGHT }, work));
  const tookMs = performance.now() - startMs;
  const costMs = await cpuMs(hub.pid) - beforeMs;
  const grownBytes = (await residentBytes(hub.pid) ?? 0) - beforeBytes;
  const status = await statusMs(port);
  for (const connection of connections) connection.close();
  await until(async () => await onlineMachines(port) === 0, { what: "every agent to be gone" });
  return [
    (agents * 1000 / tookMs).toFixed(0),
    (costMs * 1000 / agents).toFixed(0),
    (grownBytes / 1000 / agents).toFixed(1),
    status.toFixed(1),
  ];
}

const home = await Deno.makeTempDir();
await using hub = await launchHub({ home: `${home}/hub`, ownerToken: token });
const port = await hubListens(hub);
printRow(`${agents} agents`, "a second", "hub, µs each", "hub, kB each", "status, ms");
for (let i = 1; i <= rounds; i++) printRow(`round ${i}`, ...await round(hub, port));
