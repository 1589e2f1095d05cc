/**
 * What each path carries on this machine: a fabric for each, held to it by `-paths`, and one stream at
 * a time. `deno run -A tests/bench/paths.ts [SECONDS] [PATH...]`.
 *
 * @module
 */

import { PATH_KINDS, type PathKind } from "../../core/path/mod.ts";
import { echo, Fabric, isGone, noise, Target, untilTunnel, writeAll } from "../rig/mod.ts";
import { measureDownload, measureRoundTrips, measureUpload } from "./measure.ts";

const ROUND_TRIPS = 1000;

const ROWS = [
  "upload, one stream, Mbit/s",
  "download, one stream, Mbit/s",
  "round trip p50, ms",
  "round trip p99, ms",
] as const;

/** The services behind the agent. */
interface Services {
  sink: Target;
  source: Target;
  echoes: Target;
  received: () => number;
}

/** All figures of one path, in the order of the rows. */
async function measure(
  path: PathKind,
  { services: { sink, source, echoes, received }, durationMs }: {
    services: Services;
    durationMs: number;
  },
): Promise<string[]> {
  const flags = ["-paths", path];
  const ports = [sink.port, source.port, echoes.port];
  await using fabric = await Fabric.create();
  await fabric.startHub();
  await fabric.startAgent(ports, flags);
  await fabric.startClient(ports, flags);
  await untilTunnel(fabric, { what: `sending by ${path}`, isSo: (t) => t.path === path });
  const common = { streams: 1, durationMs };
  const { p50Ms, p99Ms } = await measureRoundTrips(fabric.localPort(2), ROUND_TRIPS);
  const up = await measureUpload({ port: fabric.localPort(0), ...common }, received);
  const down = await measureDownload({ port: fabric.localPort(1), ...common });
  return [up.toFixed(0), down.toFixed(0), p50Ms.toFixed(2), p99Ms.toFixed(2)];
}

function print(...columns: string[]): void {
  const [first = "", ...rest] = columns;
  const line = first.padEnd(32) + rest.map((text) => text.padStart(14)).join("");
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}

let receivedBytes = 0;
await using sink = new Target(async (connection) => {
  const buffer = new Uint8Array(256 * 1024);
  for (;;) {
    const count = await connection.read(buffer);
    if (count === null) break;
    receivedBytes += count;
  }
});
await using source = new Target(async (connection) => {
  const chunk = noise(64 * 1024, 2);
  try {
    for (;;) await writeAll(connection, chunk);
  } catch (error) {
    if (!isGone(error)) throw error;
  }
});
await using echoes = new Target(echo);
const services: Services = { sink, source, echoes, received: () => receivedBytes };

const [seconds = "4", ...wanted] = Deno.args;
const paths = PATH_KINDS.filter((kind) => wanted.length === 0 || wanted.includes(kind));
const columns: string[][] = [];
for (const path of paths) {
  columns.push(await measure(path, { services, durationMs: Number(seconds) * 1000 }));
}
print("", ...paths);
ROWS.forEach((name, i) => print(name, ...columns.map((column) => column[i]!)));
