/**
 * What a transfer gets of a bottleneck, kept as a text: a change of behaviour shows as a difference.
 * `UPDATE_SNAPSHOTS=1 deno test -A tests/simnet/throughput_test.ts` writes it anew.
 */
import assert from "node:assert/strict";
import { SimNet } from "./mod.ts";
import { type Bottleneck, bottleneckLinks, sink, source, utilisation } from "./throughput.ts";

const SNAPSHOT = new URL("testdata/throughput.txt", import.meta.url);

const RTTS_MS = [1, 10, 50, 150];
const LOSSES = [0, 0.001, 0.01, 0.03];
const SECONDS = 8;

/** Where packets are lost by chance a mean is taken: one early loss costs a run up to a third. */
const SEEDS = [11, 12, 13];

async function cell(bottleneck: Bottleneck): Promise<number> {
  const seeds = bottleneck.loss > 0 ? SEEDS : SEEDS.slice(0, 1);
  let sum = 0;
  for (const seed of seeds) sum += await utilisation(bottleneck, { seed });
  return sum / seeds.length;
}

async function row(rttMs: number): Promise<number[]> {
  const cells: number[] = [];
  for (const loss of LOSSES) cells.push(await cell({ rttMs, loss, mbps: 100, seconds: SECONDS }));
  return cells;
}

/** Percent of what two flows get between 10 s and 20 s that goes to the first, and their sum in Mbit/s. */
async function shares(rttMs: number): Promise<[number, number]> {
  const links = bottleneckLinks({ rttMs, loss: 0, mbps: 100, seconds: 0 });
  // A little jitter, or every packet that finds the queue full would be of the same flow.
  links.link.jitterMs = links.back.jitterMs = 0.5;
  const net = new SimNet({ seed: 5, ...links });
  const listener = net.server.listen({ port: 80 });
  const counts = [{ received: 0 }, { received: 0 }];
  const ends: Promise<unknown>[] = [];
  for (const count of counts) {
    const pair = Promise.all([net.client.connect({ port: 80 }), listener.accept()]);
    const [client, server] = await net.run(pair, 5000);
    ends.push(source(client), sink(server, count));
  }
  listener.close();
  await net.pass(10_000);
  const before = counts.map(({ received }) => received);
  await net.pass(10_000);
  const [first, second] = counts.map(({ received }, i) => received - before[i]!);
  net.close();
  await Promise.all(ends);
  const total = first! + second!;
  return [first! / total * 100, total * 8 / 1e7];
}

const line = (...cells: (string | number)[]) => `| ${cells.join(" | ")} |`;

Deno.test("throughput over round-trip time and loss is as recorded", async () => {
  const rows = new Map<number, number[]>();
  for (const rttMs of RTTS_MS) rows.set(rttMs, await row(rttMs));
  const far = await cell({ rttMs: 150, loss: 0, mbps: 1000, seconds: 10, mtuBytes: 9000 });
  const pairs = new Map<number, [number, number]>();
  for (const rttMs of [10, 50]) pairs.set(rttMs, await shares(rttMs));
  const text = [
    "Percent of a bottleneck of 100 Mbit/s that one transfer gets in its first 8 s, MTU 1100, with a",
    "queue of one bandwidth-delay product, 64 kB at least; random loss of data, the mean of three runs.",
    "",
    line("RTT", ...LOSSES.map((loss) => `${loss * 100} % loss`)),
    line(...Array(LOSSES.length + 1).fill("---:")),
    ...RTTS_MS.map((rttMs) => line(`${rttMs} ms`, ...rows.get(rttMs)!.map((x) => x.toFixed(1)))),
    "",
    `1 Gbit/s, 150 ms, MTU 9000, first 10 s: ${far.toFixed(1)} %.`,
    "",
    ...[...pairs].map(([rttMs, [first, mbps]]) =>
      `Two transfers at ${rttMs} ms, from 10 s to 20 s: the first has ${first.toFixed(1)} % of ` +
      `${mbps.toFixed(1)} Mbit/s.`
    ),
    "",
  ].join("\n");
  if (Deno.env.get("UPDATE_SNAPSHOTS") === "1") await Deno.writeTextFile(SNAPSHOT, text);
  const [clean, , lossy] = rows.get(50)!;
  assert.ok(clean! >= 85, `${clean} % at 50 ms without loss`);
  assert.ok(lossy! >= 60, `${lossy} % at 50 ms with 1 % loss`);
  assert.ok(far >= 80, `${far} % of 1 Gbit/s at 150 ms`);
  for (const [rttMs, [first]] of pairs) {
    assert.ok(Math.abs(first - 50) <= 10, `unfair at ${rttMs} ms: ${first} %`);
  }
  assert.equal(text, await Deno.readTextFile(SNAPSHOT));
});
