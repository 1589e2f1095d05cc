/**
 * What a round trip through the tunnel takes beside one through three programs that only copy bytes
 * (`hop.ts`), and both again while no processor falls asleep: a round trip is eight programs woken one
 * after the other. `deno run -A tests/bench/hops.ts [ROUNDS]`.
 *
 * @module
 */

import { Fabric, Process } from "../rig/mod.ts";
import { measureRoundTrips } from "./measure.ts";
import { printRow, Services } from "./services.ts";

const HOPS = 3;
const ROUND_TRIPS = 2000;

const [rounds = 7] = Deno.args.map(Number);

/** Keeps every processor awake by work that gives way to all other, until it is disposed of. */
function keepAwake(): AsyncDisposable {
  const stack = new AsyncDisposableStack();
  for (let i = 0; i < navigator.hardwareConcurrency; i++) {
    const args = ["--idle", "0", "sh", "-c", "while :; do :; done"];
    stack.use(new Process({ name: "loop", command: "chrt", args }));
  }
  return stack;
}

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

async function measure(): Promise<string[]> {
  const copied = await measureRoundTrips(hopPort, ROUND_TRIPS);
  const carried = await measureRoundTrips(fabric.localPort(2), ROUND_TRIPS);
  return [copied, carried].map(({ p50Ms }) => p50Ms.toFixed(2));
}

printRow("round trip p50, ms", `${HOPS} copies`, "tunnel", "awake: copies", "tunnel");
for (let i = 0; i < rounds; i++) {
  const usual = await measure();
  await using _loops = keepAwake();
  printRow("", ...usual, ...await measure());
}
