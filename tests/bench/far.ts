/**
 * What transfers get where the hub is far from the client: 150 ms there and back by WebSocket, by
 * default, and no other limit than the machine. `deno run -A tests/bench/far.ts [RTT_MS] [SECONDS]`.
 *
 * @module
 */

import { sleep, systemClock } from "../../core/clock/mod.ts";
import { dial, Fabric, isGone, Target, untilTunnel, writeAll } from "../rig/mod.ts";
import { measureDownload, measureUpload } from "./measure.ts";
import { printRow, Services } from "./services.ts";

const [rttMs = 150, seconds = 8] = Deno.args.map(Number);

/** Copies each piece half a round trip after it came; others follow meanwhile. */
async function copyLate(from: Deno.TcpConn, to: Deno.TcpConn): Promise<void> {
  let written = Promise.resolve();
  for (;;) {
    const buffer = new Uint8Array(64 * 1024);
    const count = await from.read(buffer);
    if (count === null) break;
    const due = Promise.all([written, sleep(systemClock, rttMs / 2)]);
    written = due.then(() => writeAll(to, buffer.subarray(0, count)));
    // Told where it is waited for, which is later than it may happen.
    written.catch(() => {});
  }
  await written;
  await to.closeWrite();
}

await using services = new Services();
await using fabric = await Fabric.create();
await fabric.startHub();
await using way = new Target(async (near) => {
  using far = await dial(Number(new URL(fabric.hubUrl).port));
  try {
    await Promise.all([copyLate(near, far), copyLate(far, near)]);
  } catch (error) {
    if (!isGone(error)) throw error;
  }
});
await fabric.startAgent(services.ports);
fabric.hubUrlForPeers = `ws://127.0.0.1:${way.port}`;
await fabric.startClient(services.ports, ["-paths", "websocket"]);
await untilTunnel(fabric, { what: "up", isSo: (t) => t.path === "websocket" });

const [sink, source] = [fabric.localPort(0), fabric.localPort(1)];
const how = { durationMs: seconds * 1000 };

async function up(streams: number): Promise<string> {
  const options = { ...how, streams, port: sink };
  return (await measureUpload(options, () => services.receivedBytes)).toFixed(0);
}

async function down(streams: number): Promise<string> {
  return (await measureDownload({ ...how, streams, port: source })).toFixed(0);
}

printRow(`${rttMs} ms to the hub and back`, "one stream", "eight");
printRow("up, Mbit/s", await up(1), await up(8));
printRow("down, Mbit/s", await down(1), await down(8));
