/**
 * Many sessions at once, by hand: one hub, one agent with three machines of 100 clients each, all
 * sending as fast as they can. Prints what an idle session costs the hub, how even the shares are,
 * and whether memory stays flat. The clients and what is behind the agent run in threads of this
 * process, so that it is the hub and the agent that hold somebody up if anybody does.
 *
 *     DENO_TOKIO_EVENT_INTERVAL=1 deno run -A tests/bench/sessions.ts [seconds, 300 unless given] [clients a machine, 100]
 *
 * @module
 */

import { sleep, systemClock } from "../../core/clock/mod.ts";
import {
  hubListens,
  launchHub,
  newToken,
  type Process,
  residentBytes,
  startProgram,
} from "../rig/mod.ts";
import type { CrowdMember, CrowdQuestion, CrowdState } from "./crowd_thread.ts";
import type { SinkQuestion } from "./sink_thread.ts";
import { Thread } from "./thread.ts";

const MACHINES = ["barn", "shed", "attic"];
const REPORTS = 10;
/** Threads of clients. */
const CROWDS = 10;

const [seconds = 300, clientsEach = 100] = Deno.args.map(Number);
const token = newToken();

function print(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}

async function megabytes({ pid }: Process): Promise<number> {
  return (await residentBytes(pid) ?? 0) / 1e6;
}

async function launchAgent(hubUrl: string, home: string, port: number): Promise<Process> {
  await Deno.mkdir(home);
  const machines = MACHINES.map((name) => `  - { name: ${name}, ports: [${port}] }\n`).join("");
  const config = `${home}/telad.yaml`;
  await Deno.writeTextFile(config, `hub: ${hubUrl}\ntoken: ${token}\nmachines:\n${machines}`, {
    mode: 0o600,
  });
  return await startProgram("telad", { name: "agent", args: ["-config", config], home, env: {} });
}

using sink = new Thread<SinkQuestion>(new URL("./sink_thread.ts", import.meta.url));
const port = await sink.ask<number>("port");

const home = await Deno.makeTempDir();
await using hub = await launchHub({ home: `${home}/hub`, ownerToken: token });
const hubUrl = `ws://127.0.0.1:${await hubListens(hub)}`;
await using agent = await launchAgent(hubUrl, `${home}/agent`, port);
for (const [i] of MACHINES.entries()) await agent.waitForLine(/registered with/, { nth: i + 1 });

const crowds = Array.from(
  { length: CROWDS },
  () => new Thread<CrowdQuestion>(new URL("./crowd_thread.ts", import.meta.url)),
);
let sessions = 0;

/** Asks all crowds. */
function askAll(question: CrowdQuestion): Promise<CrowdState[]> {
  return Promise.all(crowds.map((crowd) => crowd.ask<CrowdState>(question)));
}

/** Opens sessions with every machine and gives the hub's memory once all is quiet, in MB. */
async function openAndSettle(countEach: number): Promise<number> {
  const members = MACHINES.flatMap((machine) =>
    Array.from({ length: countEach }, (): CrowdMember => {
      return { hubUrl, machine, token, index: sessions++ };
    })
  );
  for (const [i, crowd] of crowds.entries()) {
    const own = members.filter(({ index }) => index % CROWDS === i);
    await crowd.ask<CrowdState>({ type: "open", members: own });
  }
  await sleep(systemClock, 10_000);
  return await megabytes(hub);
}
// The code that the first sessions make the hub compile is not what a session costs.
const firstEach = Math.ceil(clientsEach / 5);
const emptyMb = await openAndSettle(firstEach);
const first = sessions;
const idleMb = await openAndSettle(clientsEach - firstEach);
const perSessionKb = (idleMb - emptyMb) * 1000 / (sessions - first);
print(
  `${first} to ${sessions} idle sessions: hub ${emptyMb.toFixed(0)} to ${idleMb.toFixed(0)} MB, ` +
    `${perSessionKb.toFixed(1)} kB each; agent ${(await megabytes(agent)).toFixed(0)} MB`,
);

await askAll({ type: "connect", port });
while (Object.keys(await sink.ask<number[]>("received")).length < sessions) {
  await sleep(systemClock, 100);
}
await askAll({ type: "send" });
const startMs = systemClock.nowMs();
let last: number[] = [];
let lastMs = startMs;
for (let report = 1; report <= REPORTS; report++) {
  await sleep(systemClock, seconds * 1000 / REPORTS);
  const received = await sink.ask<number[]>("received");
  const nowMs = systemClock.nowMs();
  const shares = received.map((bytes, i) => bytes - (last[i] ?? 0)).toSorted((a, b) => a - b);
  const total = shares.reduce((sum, bytes) => sum + bytes, 0);
  const mbit = total * 8 / 1000 / (nowMs - lastMs);
  const spread = shares.at(-1)! / Math.max(shares[0]!, 1);
  const states = await askAll({ type: "state" });
  const down = states.reduce((sum, state) => sum + state.down, 0);
  print(
    `${((nowMs - startMs) / 1000).toFixed(0).padStart(4)} s: ${mbit.toFixed(0)} Mbit/s, ` +
      `largest share ${spread.toFixed(2)} times the least, ${down} without a path; ` +
      `hub ${(await megabytes(hub)).toFixed(0)} MB, agent ${
        (await megabytes(agent)).toFixed(0)
      } MB`,
  );
  [last, lastMs] = [received, nowMs];
}
const totals = last.toSorted((a, b) => a - b);
print(`Over all: largest share ${(totals.at(-1)! / totals[0]!).toFixed(2)} times the least`);
const reasons = (await askAll({ type: "end" })).flatMap((state) => state.reasons);
await sleep(systemClock, 15_000);
print(
  `All closed: hub ${(await megabytes(hub)).toFixed(0)} MB, ` +
    `agent ${(await megabytes(agent)).toFixed(0)} MB`,
);
const troubles = [
  ...reasons,
  ...[hub, agent].flatMap(({ output }) =>
    output.split("\n").filter((line) => /silent|cannot|DEGRADED|error|did not/.test(line))
  ),
];
print(`${troubles.length} troubles${troubles.length > 0 ? ", the first:" : ""}`);
for (const line of troubles.slice(0, 5)) print(`  ${line}`);
for (const crowd of crowds) crowd[Symbol.dispose]();
