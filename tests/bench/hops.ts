/**
 * What a round trip through the tunnel takes beside one through three programs that only copy bytes
 * (`hop.ts`): how much of it is this machine and the runtime, and how much our own work.
 * `deno run -A tests/bench/hops.ts [ROUNDS]`.
 *
 * @module
 */

import { Fabric, Process } from "../rig/mod.ts";
import { measureRoundTrips } from "./measure.ts";
import { printRow, Services } from "./services.ts";

const HOPS = 3;
const ROUND_TRIPS = 2000;

const [rounds = 7] = Deno.args.map(Number);

/** Starts a hop to `toPort`. */
async function startHop(toPort: number): Promise<{ process: Process; port: number }> {
  const process = new Process({
    name: "hop",
    command: Deno.execPath(),
    args: ["run", "--allow-net", new URL("hop.ts", import.meta.url).pathname, String(toPort)],
  });
  const [line] = await process.waitForLine(/^\d+$/);
  return { process, port: Number(line) };
}

await using services = new Services();
await using hops = new AsyncDisposableStack();
let hopPort = services.echoes.port;
for (let i = 0; i < HOPS; i++) {
  const { process, port } = await startHop(hopPort);
  hops.use(process);
  hopPort = port;
}
await using fabric = await Fabric.start({ targetPorts: services.ports });

printRow("round trip p50, ms", `${HOPS} copies`, "tunnel");
for (let i = 0; i < rounds; i++) {
  const copied = await measureRoundTrips(hopPort, ROUND_TRIPS);
  const carried = await measureRoundTrips(fabric.localPort(2), ROUND_TRIPS);
  printRow("", copied.p50Ms.toFixed(2), carried.p50Ms.toFixed(2));
}
