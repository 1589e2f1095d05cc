/**
 * What each path carries on this machine: a fabric for each, held to it by `-paths`, and one stream at
 * a time. `deno run -A tests/bench/paths.ts [SECONDS] [PATH...]`.
 *
 * @module
 */

import { PATH_KINDS, type PathKind } from "../../core/path/mod.ts";
import { startHeldTo } from "./held.ts";
import { measureDownload, measureRoundTrips, measureUpload } from "./measure.ts";
import { printRow, Services } from "./services.ts";

const ROUND_TRIPS = 1000;

const ROWS = [
  "upload, one stream, Mbit/s",
  "download, one stream, Mbit/s",
  "round trip p50, ms",
  "round trip p99, ms",
] as const;

/** All figures of one path, in the order of the rows. */
async function measure(
  path: PathKind,
  { services, durationMs }: { services: Services; durationMs: number },
): Promise<string[]> {
  await using fabric = await startHeldTo(path, services.ports);
  const common = { streams: 1, durationMs };
  const { p50Ms, p99Ms } = await measureRoundTrips(fabric.localPort(2), ROUND_TRIPS);
  const up = await measureUpload(
    { port: fabric.localPort(0), ...common },
    () => services.receivedBytes,
  );
  const down = await measureDownload({ port: fabric.localPort(1), ...common });
  return [up.toFixed(0), down.toFixed(0), p50Ms.toFixed(2), p99Ms.toFixed(2)];
}

await using services = new Services();
const [seconds = "4", ...wanted] = Deno.args;
const paths = PATH_KINDS.filter((kind) => wanted.length === 0 || wanted.includes(kind));
const columns: string[][] = [];
for (const path of paths) {
  columns.push(await measure(path, { services, durationMs: Number(seconds) * 1000 }));
}
printRow("", ...paths);
ROWS.forEach((name, i) => printRow(name, ...columns.map((column) => column[i]!)));
