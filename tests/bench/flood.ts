/**
 * What a flood of handshake initiations takes from a tunnel that is in use: an attacker who knows the
 * UDP ports of a program, but no key. `deno run -A tests/bench/flood.ts [A SECOND] [SECONDS]`.
 *
 * @module
 */

import type { PathKind } from "../../core/path/mod.ts";
import { residentBytes } from "../rig/mod.ts";
import type { Flood } from "./flood_thread.ts";
import { startHeldTo } from "./held.ts";
import { measureRoundTrips, measureUpload, median } from "./measure.ts";
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

interface Look {
  mbit: number;
  p50Ms: number;
  residentMb: number;
}

/** The figures of one case without and with the flood: medians, and the victim's memory first and last. */
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
  const look = async () => ({
    mbit: await measureUpload(
      { port: fabric.localPort(0), streams: 1, durationMs },
      () => services.receivedBytes,
    ),
    p50Ms: (await measureRoundTrips(fabric.localPort(2), ROUND_TRIPS)).p50Ms,
    residentMb: (await residentBytes(pid) ?? 0) / 1e6,
  });
  const quiet: Look[] = [];
  const flooded: Look[] = [];
  for (let i = 0; i < ROUNDS; i++) {
    quiet.push(await look());
    // As long as the measurement with its warm-up, and the round trips behind it.
    const flood = thread.ask<number>({ ports, perSecond, durationMs: durationMs + 3000 });
    flooded.push(await look());
    await flood;
  }
  const [mbit, floodedMbit] = [quiet, flooded].map((looks) => median(looks.map((it) => it.mbit)));
  const [p50Ms, floodedMs] = [quiet, flooded].map((looks) => median(looks.map((it) => it.p50Ms)));
  return [
    `${mbit!.toFixed(0)} / ${floodedMbit!.toFixed(0)}`,
    `${(floodedMbit! / mbit! * 100).toFixed(0)} %`,
    `${p50Ms!.toFixed(2)} / ${floodedMs!.toFixed(2)}`,
    `${quiet[0]!.residentMb.toFixed(0)} / ${flooded.at(-1)!.residentMb.toFixed(0)}`,
  ];
}

await using services = new Services();
const unread = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
printRow(`${perSecond} initiations a second to`, "Mbit/s", "kept", "p50, ms", "MB resident");
for (const [victim, path] of CASES) {
  printRow(`${victim}, sending by ${path}`, ...await measure(victim, path, services));
}
unread.close();
