/**
 * How soon faults are noticed and got over, by programs as users start them: a table of the median and
 * the 99th percentile. `deno run -A tests/bench/faults.ts [COUNT] [NAME...]`, COUNT times each (5), those
 * faults whose name contains one of NAME.
 *
 * @module
 */

import type { TunnelStatus } from "../../core/tunnel/mod.ts";
import { hubListens, type PathLab, untilTunnel } from "../rig/mod.ts";
import { type Fault, type FaultTimes, measureFault, sendsBy } from "./faults_lab.ts";

const BY_HUB = "websocket,udp-relay";
const ALL = "websocket,udp-relay,direct";

/** For what is got over before anybody sees the tunnel wait. */
function ended({ fabric: { client } }: PathLab): Promise<unknown> {
  return client.waitForLine(/Connection to the hub dropped|Session ended/, { from: client.mark() });
}

const FAULTS: readonly Fault[] = [
  {
    name: "agent frozen",
    paths: ALL,
    inject: ({ fabric }) => fabric.agent.signal("SIGSTOP"),
    mend: ({ fabric }) => fabric.agent.signal("SIGCONT"),
  },
  {
    name: "client frozen, agent's view",
    paths: ALL,
    inject: ({ fabric }) => fabric.client.signal("SIGSTOP"),
    detected: ({ fabric: { agent } }) => agent.waitForLine(/waits up to/, { from: agent.mark() }),
    mend: ({ fabric }) => fabric.client.signal("SIGCONT"),
  },
  {
    name: "black hole for TCP and UDP",
    paths: BY_HUB,
    inject: ({ clientBox }) => {
      clientBox.holdTcp();
      clientBox.udp.blocked = true;
    },
    mend: ({ clientBox }) => {
      clientBox.releaseTcp();
      clientBox.udp.blocked = false;
    },
  },
  {
    name: "black hole for TCP alone",
    paths: "websocket",
    inject: ({ clientBox }) => clientBox.holdTcp(),
    mend: ({ clientBox }) => clientBox.releaseTcp(),
  },
  {
    name: "half-open socket of the client",
    paths: "websocket",
    inject: ({ clientBox }) => void clientBox.forgetTcp(),
    detected: ended,
  },
  {
    name: "half-open sockets of the agent",
    paths: "websocket",
    inject: ({ agentBox }) => void agentBox.forgetTcp(),
    detected: ({ fabric: { agent } }) =>
      agent.waitForLine(/disconnected: /, { from: agent.mark() }),
  },
  {
    name: "hub killed and restarted",
    paths: BY_HUB,
    inject: ({ fabric }) => fabric.hub.kill(),
    mend: async ({ fabric }) => {
      await fabric.startHub();
      await hubListens(fabric.hub);
    },
  },
  {
    name: "UDP blocked, and free again",
    paths: BY_HUB,
    byUdp: true,
    inject: ({ clientBox }) => void (clientBox.udp.blocked = true),
    detected: (lab) => sendsBy(lab, "websocket"),
    mend: ({ clientBox }) => void (clientBox.udp.blocked = false),
    recovered: ({ fabric }) => untilTunnel(fabric, { what: "UDP to be up", isSo: isUpByUdp }),
  },
  {
    name: "NAT rebinding",
    paths: BY_HUB,
    byUdp: true,
    inject: ({ clientBox }) => void clientBox.udp.rebind(),
    detected: () => Promise.resolve(),
  },
  {
    name: "10-minute jump, socket lost in it",
    paths: "websocket",
    clientScript: "tests/rig/jumping_client.ts",
    inject: ({ fabric, clientBox }) => {
      clientBox.forgetTcp();
      fabric.client.signal("SIGUSR1");
    },
    detected: ended,
  },
];

function isUpByUdp({ paths }: TunnelStatus): boolean {
  return paths.some(({ kind, state }) => kind === "udp-relay" && state === "up");
}

/** The same during a transfer; not those whose path a transfer would change by itself. */
const BUSY = ["agent frozen", "black hole for TCP and UDP"];
const ALL_FAULTS = [
  ...FAULTS,
  ...FAULTS.filter(({ name }) => BUSY.includes(name))
    .map((fault) => ({ ...fault, name: `busy: ${fault.name}`, busy: true })),
];

/** The value that `share` of all reach at most. */
function percentile(values: readonly number[], share: number): string {
  const sorted = values.toSorted((a, b) => a - b);
  return (sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]! / 1000).toFixed(
    2,
  );
}

function print(...columns: string[]): void {
  const [first = "", ...rest] = columns;
  const line = first.padEnd(36) + rest.map((text) => text.padStart(12)).join("");
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}

const [count = "5", ...names] = Deno.args;
const chosen = ALL_FAULTS.filter(({ name }) =>
  names.length === 0 || names.some((n) => name.includes(n))
);
print("seconds", "detect p50", "p99", "recover p50", "p99");
for (const fault of chosen) {
  const times = await measureFault(fault, Number(count));
  const of = (key: keyof FaultTimes) => times.map((time) => time[key]);
  const figures = ([["detectMs", 0.5], ["detectMs", 0.99], ["recoverMs", 0.5], [
    "recoverMs",
    0.99,
  ]] as const).map(([key, share]) => percentile(of(key), share));
  print(fault.name, ...figures);
}
