/**
 * The whole fabric under load, by hand: round trips beside a transfer, throughput at the MTU that a
 * reference peer has, what idle connections cost, and memory over a long transfer.
 *
 *     deno run -A tests/bench/load.ts [gigabytes of the long transfer, 10 unless given]
 *
 * @module
 */

import { sleep, systemClock } from "../../core/clock/mod.ts";
import { dial, dialEcho, Fabric, isGone, noise, residentBytes, writeAll } from "../rig/mod.ts";
import { measureDownload, measureRoundTrips, measureUpload } from "./measure.ts";
import { printRow, Services } from "./services.ts";

const DURATION_MS = 4000;
const ROUND_TRIPS = 1000;
const IDLE_CONNECTIONS = 1000;
const WARM_UP_CONNECTIONS = 100;

/** Time in which a program gives back what it does not need. */
const SETTLE_MS = 10_000;

const GIGABYTE = 1e9;

/** What a reference peer has; its MSS makes the other end send no more. */
const SMALL_MTU_FLAGS = ["-mtu", "1100"];

const gigabytes = Number(Deno.args[0] ?? 10);

/** Round trips while `work` goes on over another connection. */
async function beside(
  { port, echoPort }: { port: number; echoPort: number },
  work: (connection: Deno.TcpConn) => Promise<void>,
): Promise<string> {
  const connection = await dial(port);
  const running = work(connection).catch((error) => {
    if (!isGone(error)) throw error;
  });
  const { p50Ms, p99Ms } = await measureRoundTrips(echoPort, ROUND_TRIPS);
  connection.close();
  await running;
  return `${p50Ms.toFixed(2)} / ${p99Ms.toFixed(2)}`;
}

async function send(connection: Deno.TcpConn): Promise<void> {
  const chunk = noise(64 * 1024, 1);
  for (;;) await writeAll(connection, chunk);
}

/** Reads `bytes`, or without end. */
async function receive(connection: Deno.TcpConn, bytes: number): Promise<void> {
  const into = new Uint8Array(256 * 1024);
  for (let received = 0; received < bytes;) {
    const count = await connection.read(into);
    if (count === null) throw new Deno.errors.UnexpectedEof();
    received += count;
  }
}

async function megabytes({ pid }: { pid: number }): Promise<number> {
  return (await residentBytes(pid) ?? 0) / 1e6;
}

/** What connections that say nothing cost each, in KB: agent and client. */
async function measureIdle({ agent, client }: Fabric, port: number): Promise<[number, number]> {
  const open = async (count: number) => {
    const connections: Deno.TcpConn[] = [];
    for (let i = 0; i < count; i++) connections.push(await dialEcho(port));
    return connections;
  };
  // What the first ones make the programs compile and keep is not what one costs.
  for (const connection of await open(WARM_UP_CONNECTIONS)) connection.close();
  await sleep(systemClock, SETTLE_MS);
  const before = [await megabytes(agent), await megabytes(client)];
  const idle = await open(IDLE_CONNECTIONS);
  await sleep(systemClock, SETTLE_MS);
  const after = [await megabytes(agent), await megabytes(client)];
  for (const connection of idle) connection.close();
  const each = after.map((mb, i) => (mb - before[i]!) * 1000 / IDLE_CONNECTIONS);
  return [each[0]!, each[1]!];
}

/** Memory after the first gigabyte of a transfer and at its end, in MB: hub, agent, client. */
async function measureLong(fabric: Fabric, port: number): Promise<[number[], number[]]> {
  const programs = [fabric.hub, fabric.agent, fabric.client];
  const look = () => Promise.all(programs.map(megabytes));
  using connection = await dial(port);
  await receive(connection, GIGABYTE);
  const first = await look();
  await receive(connection, (gigabytes - 1) * GIGABYTE);
  return [first, await look()];
}

await using services = new Services();
{
  await using fabric = await Fabric.start({ targetPorts: services.ports });
  const [sink, source, echoPort] = [fabric.localPort(0), fabric.localPort(1), fabric.localPort(2)];
  printRow("p50 / p99 beside an upload, ms", await beside({ port: sink, echoPort }, send));
  printRow(
    "p50 / p99 beside a download, ms",
    await beside({ port: source, echoPort }, (c) => receive(c, Infinity)),
  );
  const [first, last] = await measureLong(fabric, source);
  printRow(`${gigabytes} GB down, MB resident`, "hub", "agent", "client");
  printRow("  after 1 GB", ...first.map((mb) => mb.toFixed(0)));
  printRow("  in the end", ...last.map((mb) => mb.toFixed(0)));
}
{
  await using fabric = await Fabric.start({ targetPorts: services.ports });
  const [agentKb, clientKb] = await measureIdle(fabric, fabric.localPort(2));
  printRow(`${IDLE_CONNECTIONS} idle connections, KB each`, "agent", "client");
  printRow("", agentKb.toFixed(1), clientKb.toFixed(1));
}
{
  await using fabric = await Fabric.start({
    targetPorts: services.ports,
    agentFlags: SMALL_MTU_FLAGS,
  });
  const how = { streams: 1, durationMs: DURATION_MS };
  const received = () => services.receivedBytes;
  const up = await measureUpload({ ...how, port: fabric.localPort(0) }, received);
  const down = await measureDownload({ ...how, port: fabric.localPort(1) });
  printRow("MTU 1,100, Mbit/s up, down", up.toFixed(0), down.toFixed(0));
}
