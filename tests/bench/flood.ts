/**
 * What a flood of handshake initiations takes from a tunnel that is in use: an attacker who knows the
 * UDP ports of a program, but no key.
 * `deno run -A --unstable-net tests/bench/flood.ts [A SECOND] [SECONDS]`.
 *
 * @module
 */

import type { PathKind } from "../../core/path/mod.ts";
import { residentBytes } from "../rig/mod.ts";
import type { Flood } from "./flood_thread.ts";
import { startHeldTo } from "./held.ts";
import { measureRoundTrips, measureUpload } from "./measure.ts";
import { printRow, Services } from "./services.ts";
import { Thread } from "./thread.ts";

const ROUND_TRIPS = 1000;

/** Times that each figure is taken with and without the flood, in turn: machines are not even. */
const ROUNDS = 3;

type Victim = "nobody" | "hub" | "agent" | "client";

/**
 * Who is flooded, and the path that the tunnel uses meanwhile. A flood of nobody, into a socket that is
 * not read, shows what the sender alone takes from the machine.
 */
const CASES: [victim: Victim, path: PathKind][] = [
  ["nobody", "direct"],
  ["hub", "websocket"],
  ["hub", "udp-relay"],
  ["agent", "direct"],
  ["client", "direct"],
];

const [perSecond = 10_000, seconds = 4] = Deno.args.map(Number);
const durationMs = seconds * 1000;

/** UDP ports that a process of this machine has open. */
async function udpPorts(pid: number): Promise<number[]> {
  const inodes = new Set<string>();
  for await (const { name } of Deno.readDir(`/proc/${pid}/fd`)) {
    const target = await Deno.readLink(`/proc/${pid}/fd/${name}`).catch(() => "");
    const inode = /^socket:\[(\d+)\]$/.exec(target)?.[1];
    if (inode !== undefined) inodes.add(inode);
  }
  const table = await Deno.readTextFile(`/proc/${pid}/net/udp`);
  return table.trim().split("\n").slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter((columns) => inodes.has(columns[9]!))
    .map((columns) => parseInt(columns[1]!.split(":")[1]!, 16));
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!;
}

/** The figures of one case: Mbit/s and p50 without and with, and the memory of the victim after both. */
async function measure(
  victim: Victim,
  path: PathKind,
  services: Services,
): Promise<string[]> {
  await using fabric = await startHeldTo(path, services.ports);
  using thread = new Thread<Flood>(new URL("flood_thread.ts", import.meta.url));
  const isNobody = victim === "nobody";
  const { pid } = isNobody ? fabric.agent : fabric[victim];
  const ports = isNobody ? [(unread.addr as Deno.NetAddr).port] : await udpPorts(pid);
  const upload = () =>
    measureUpload(
      { port: fabric.localPort(0), streams: 1, durationMs },
      () => services.receivedBytes,
    );
  const roundTrip = async () => (await measureRoundTrips(fabric.localPort(2), ROUND_TRIPS)).p50Ms;
  const quiet: [number[], number[]] = [[], []];
  const flooded: [number[], number[]] = [[], []];
  const memory: number[] = [];
  for (let i = 0; i < ROUNDS; i++) {
    quiet[0].push(await upload());
    quiet[1].push(await roundTrip());
    memory.push(await residentBytes(pid) ?? 0);
    // A second before the measurement, as the measurement warms up, and the round trips behind it.
    const flood = thread.ask<number>({ ports, perSecond, durationMs: durationMs + 3000 });
    flooded[0].push(await upload());
    flooded[1].push(await roundTrip());
    await flood;
    memory.push(await residentBytes(pid) ?? 0);
  }
  const ratio = median(flooded[0]) / median(quiet[0]);
  return [
    `${median(quiet[0]).toFixed(0)} / ${median(flooded[0]).toFixed(0)}`,
    `${(ratio * 100).toFixed(0)} %`,
    `${median(quiet[1]).toFixed(2)} / ${median(flooded[1]).toFixed(2)}`,
    `${(memory[0]! / 1e6).toFixed(0)} / ${(memory.at(-1)! / 1e6).toFixed(0)}`,
  ];
}

await using services = new Services();
const unread = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
printRow(`${perSecond} initiations a second to`, "Mbit/s", "kept", "p50, ms", "MB resident");
for (const [victim, path] of CASES) {
  printRow(`${victim}, sending by ${path}`, ...await measure(victim, path, services));
}
unread.close();
