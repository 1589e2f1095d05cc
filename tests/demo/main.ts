/**
 * `deno task demo`: a hub, an agent and a client as three processes on this machine, and a web
 * service reached through the tunnel between them. `--keep` leaves it running.
 *
 * @module
 */

import { echo, Fabric, fetchLocal, MACHINE, noise, sha256, Target } from "../rig/mod.ts";
import { measureRoundTrips } from "../bench/measure.ts";
import { download, type Transfer, upload } from "./measure.ts";
import { failureReport, item, roundTripItem, transferItem } from "./report.ts";
import { demoService, GREETING } from "./service.ts";

const PAYLOAD_BYTES = 64 * 1024 * 1024;
const ROUND_TRIPS = 1000;

/** Exit code of a program that Ctrl-C has ended. */
const EXIT_INTERRUPTED = 130;

const USAGE = `Shows a tunnel at work: a hub, an agent and a client, all on this machine.

Usage: deno task demo [--keep]

  --keep    leave it running, with an address to open, until Ctrl-C`;

function print(line = ""): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}

function printError(text: string): void {
  Deno.stderr.writeSync(new TextEncoder().encode(`${text}\n`));
}

/** What the demo is doing, for the message if that fails; leaves at once when interrupted. */
class Steps {
  /** As it reads after "while". */
  current = "preparing";

  constructor(readonly signal: AbortSignal) {}

  /** Does one step, unless the user has interrupted. */
  async run<T>(what: string, work: () => Promise<T>): Promise<T> {
    this.signal.throwIfAborted();
    this.current = what;
    const interrupted = Promise.withResolvers<never>();
    const onAbort = () => interrupted.reject(this.signal.reason);
    this.signal.addEventListener("abort", onAbort);
    try {
      return await Promise.race([work(), interrupted.promise]);
    } finally {
      this.signal.removeEventListener("abort", onAbort);
    }
  }
}

/** Starts the three programs, one after the other, and tells where each is. */
async function start(fabric: Fabric, steps: Steps, targetPorts: number[]): Promise<void> {
  print("Three processes on this machine, each with only the permissions it needs:");
  print();
  await steps.run("starting the hub", () => fabric.startHub());
  print(item("hub", `${fabric.hubUrl}, process ${fabric.hub.pid}`));
  await steps.run("starting the agent", () => fabric.startAgent(targetPorts));
  const service = `machine ${MACHINE} with a web service on port ${targetPorts[0]}`;
  print(item("agent", `${service}, process ${fabric.agent.pid}`));
  await steps.run("starting the client", () => fabric.startClient(targetPorts));
  print(item("client", `${addressOf(fabric)}, process ${fabric.client.pid}`));
  print();
}

/** Where the web service appears at the client. */
function addressOf(fabric: Fabric): string {
  return `http://127.0.0.1:${fabric.localPort(0)}/`;
}

async function fetchGreeting(url: string): Promise<string> {
  const text = await (await fetchLocal(url)).text();
  if (text !== GREETING) throw new Error(`Cannot recognise the answer of the service: ${text}`);
  return text.trim();
}

function checked(transfer: Transfer, expectedHash: string): Transfer {
  if (transfer.lengthBytes === PAYLOAD_BYTES && transfer.hash === expectedHash) return transfer;
  throw new Error(
    `Cannot trust the transfer: ${transfer.lengthBytes} bytes with SHA-256 ${transfer.hash} ` +
      `arrived, not ${PAYLOAD_BYTES} with ${expectedHash}`,
  );
}

/** Fetches, transfers and measures through the tunnel. */
async function show(
  fabric: Fabric,
  steps: Steps,
  payload: Uint8Array<ArrayBuffer>,
): Promise<void> {
  const url = addressOf(fabric);
  print(item("GET /", await steps.run(`fetching ${url}`, () => fetchGreeting(url))));
  const hash = sha256(payload);
  const up = await steps.run("uploading 64 MiB", () => upload(url, payload));
  print(transferItem("upload", checked(up, hash)));
  const down = await steps.run("downloading 64 MiB", () => download(url));
  print(transferItem("download", checked(down, hash)));
  const echoed = () => measureRoundTrips(fabric.localPort(1), ROUND_TRIPS);
  print(roundTripItem(await steps.run("measuring the round trip", echoed)));
  print();
}

/** Leaves everything running until the user interrupts. */
async function keepRunning(fabric: Fabric, steps: Steps): Promise<void> {
  const url = addressOf(fabric);
  print(`Still running. Open ${url} in a browser, or: curl ${url}`);
  print("Press Ctrl-C to stop.");
  const ends = [fabric.hub, fabric.agent, fabric.client].map(async (process) => {
    const { code } = await process.ended;
    throw new Error(`Cannot go on without the ${process.name}: it ended with code ${code}`);
  });
  await steps.run("keeping it running", () => Promise.race(ends));
}

/** The whole demo; returns the exit code. */
async function demo(steps: Steps, keep: boolean): Promise<number> {
  const startMs = performance.now();
  const payload = noise(PAYLOAD_BYTES, 64);
  await using service = Deno.serve(
    {
      hostname: "127.0.0.1",
      port: 0,
      onListen: () => {},
      // Whoever asked sees the 500, or has been interrupted.
      onError: () => new Response("The service failed\n", { status: 500 }),
    },
    demoService(payload),
  );
  await using echoes = new Target(echo);
  await using fabric = await Fabric.create();
  try {
    await start(fabric, steps, [service.addr.port, echoes.port]);
    await show(fabric, steps, payload);
    const seconds = ((performance.now() - startMs) / 1000).toFixed(1);
    print(`The hub saw only WireGuard ciphertext of all this. It took ${seconds} s.`);
    if (keep) await keepRunning(fabric, steps);
    return 0;
  } catch (error) {
    if (steps.signal.aborted) return keep ? 0 : EXIT_INTERRUPTED;
    printError(failureReport(steps.current, { error, processes: fabric.processes }));
    return 1;
  }
}

/** Runs `work` with a signal that Ctrl-C aborts. */
async function interruptible(work: (signal: AbortSignal) => Promise<number>): Promise<number> {
  const controller = new AbortController();
  const onSignal = () => controller.abort(new Error("Interrupted"));
  const signals: Deno.Signal[] = Deno.build.os === "windows"
    ? ["SIGINT", "SIGBREAK"]
    : ["SIGINT", "SIGTERM", "SIGHUP"];
  for (const name of signals) Deno.addSignalListener(name, onSignal);
  try {
    return await work(controller.signal);
  } finally {
    for (const name of signals) Deno.removeSignalListener(name, onSignal);
  }
}

async function main(args: string[]): Promise<number> {
  const unknown = args.find((arg) => !/^--?(keep|help|h)$/.test(arg));
  if (unknown !== undefined) {
    printError(`Error: unknown argument "${unknown}"\n\n${USAGE}`);
    return 2;
  }
  if (args.some((arg) => /^--?(help|h)$/.test(arg))) {
    print(USAGE);
    return 0;
  }
  return await interruptible((signal) => demo(new Steps(signal), args.length > 0));
}

Deno.exit(await main(Deno.args));
