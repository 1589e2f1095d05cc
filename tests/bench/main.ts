/**
 * The second part of `deno task bench`: the whole fabric, measured from a local port of the client
 * to a service behind the agent, beside the same service without the fabric.
 *
 * @module
 */

import { Fabric, residentBytes } from "../rig/mod.ts";
import {
  measureConnections,
  measureDownload,
  measureRoundTrips,
  measureUpload,
} from "./measure.ts";
import { printRow, Services } from "./services.ts";

const DURATION_MS = 4000;
const ROUND_TRIPS = 1000;

/** A row of the table: what is measured, and the figure of the reference programs. */
const ROWS = [
  ["upload, one stream, Mbit/s", "321"],
  ["download, one stream, Mbit/s", "277"],
  ["upload, eight streams, Mbit/s", "328"],
  ["round trip p50, ms", "0.56"],
  ["round trip p99, ms", "1.14"],
  ["new connections a second", "430"],
] as const;

/** Ports of the three services that a path leads to. */
interface Path {
  sink: number;
  source: number;
  echo: number;
}

/** All figures of one path, in the order of the rows. */
async function measure(path: Path, receivedBytes: () => number): Promise<string[]> {
  const upload = (streams: number) =>
    measureUpload({ port: path.sink, streams, durationMs: DURATION_MS }, receivedBytes);
  const { p50Ms, p99Ms } = await measureRoundTrips(path.echo, ROUND_TRIPS);
  const up = await upload(1);
  const down = await measureDownload({
    port: path.source,
    streams: 1,
    durationMs: DURATION_MS,
  });
  const upEight = await upload(8);
  const connections = await measureConnections(path.echo, DURATION_MS);
  return [
    ...[up, down, upEight].map((mbit) => mbit.toFixed(0)),
    ...[p50Ms, p99Ms].map((ms) => ms.toFixed(2)),
    connections.toFixed(0),
  ];
}

async function memory(fabric: Fabric): Promise<string> {
  const parts = fabric.processes.map(async ({ name, pid }) => {
    const bytes = await residentBytes(pid);
    return bytes === undefined ? "" : `${name} ${(bytes / 1e6).toFixed(0)} MB`;
  });
  return (await Promise.all(parts)).join(", ");
}

await using services = new Services();
const received = () => services.receivedBytes;

printRow("", "straight", "reference", "tunnel");
const straight = await measure(
  { sink: services.sink.port, source: services.source.port, echo: services.echoes.port },
  received,
);
await using fabric = await Fabric.start({ targetPorts: services.ports });
const idle = await memory(fabric);
const tunnel = await measure(
  { sink: fabric.localPort(0), source: fabric.localPort(1), echo: fabric.localPort(2) },
  received,
);
ROWS.forEach(([name, reference], i) => printRow(name, straight[i]!, reference, tunnel[i]!));
printRow("");
printRow(`Resident before: ${idle}`);
printRow(`Resident after:  ${await memory(fabric)}`);
