/** How long others wait behind a bulk transfer where the bottleneck holds seconds of packets. */
import assert from "node:assert/strict";
import type { TcpConn } from "../../core/netstack/mod.ts";
import { SimNet } from "./mod.ts";
import { openBulk, sink, source } from "./throughput.ts";

const QUEUE_MS = 2000;

const PAUSE_MS = 20;

/** Asks and waits for the answer, again and again; notes how long that took from when to when. */
async function ask(net: SimNet, conn: TcpConn, tookMs: number[]): Promise<void> {
  const message = new Uint8Array(64);
  try {
    for (;;) {
      const startMs = net.clock.nowMs();
      await conn.write(message);
      for (let got = 0; got < message.length;) got += (await conn.read(message)) ?? message.length;
      tookMs.push(net.clock.nowMs() - startMs);
      await new Promise<void>((resolve) => net.clock.setTimer(resolve, PAUSE_MS));
    }
  } catch {
    // The run is over.
  }
}

async function answer(conn: TcpConn): Promise<void> {
  const message = new Uint8Array(64);
  try {
    for (let count = await conn.read(message); count !== null; count = await conn.read(message)) {
      await conn.write(message.subarray(0, count));
    }
  } catch {
    // The run is over.
  }
}

interface Path {
  rttMs: number;
  mbps: number;
  /** What the path carries after a second. Default `mbps`. */
  laterMbps?: number;
  direction: "up" | "down";
}

/** Percentiles of the answer times from 18 s to 32 s, and the share of the bottleneck used then. */
async function measure(path: Path): Promise<{ p50: number; p99: number; share: number }> {
  const { rttMs, mbps, laterMbps = mbps, direction } = path;
  const rate = (mbit: number) => ({
    delayMs: rttMs / 2,
    bitsPerSecond: mbit * 1e6,
    queueBytes: mbit * QUEUE_MS * 125,
  });
  const net = new SimNet({ seed: 3, link: rate(mbps) });
  const listener = net.server.listen({ port: 80 });
  const open = () =>
    net.run(Promise.all([net.client.connect({ port: 80 }), listener.accept()]), 5000);
  const [bulkClient, bulkServer] = await open();
  const [client, server] = await open();
  listener.close();
  const [from, to] = direction === "up" ? [bulkClient, bulkServer] : [bulkServer, bulkClient];
  const [count, tookMs] = [{ received: 0 }, [] as number[]];
  const ends = [source(from), sink(to, count), answer(server)];
  void ask(net, client, tookMs);
  await net.pass(1000);
  net.up.options = net.down.options = rate(laterMbps);
  // A queue that takes seconds to drain is taken for that of others, for ten seconds.
  await net.pass(17_000);
  tookMs.length = count.received = 0;
  await net.pass(14_000);
  net.close();
  await Promise.all(ends);
  tookMs.sort((a, b) => a - b);
  const at = (share: number) => tookMs[Math.floor(tookMs.length * share)]!;
  const share = count.received * 8 / (laterMbps * 1e6 * 14);
  return { p50: at(0.5), p99: at(0.99), share };
}

for (const direction of ["up", "down"] as const) {
  for (const rttMs of [1, 20, 100]) {
    for (const mbps of [20, 100]) {
      const name = `${mbps} Mbit/s and ${rttMs} ms, ${direction}`;
      Deno.test(`a bulk transfer delays others by half a round trip at most: ${name}`, async () => {
        const { p50, p99, share } = await measure({ rttMs, mbps, direction });
        const limitMs = rttMs + Math.max(rttMs / 2, 10);
        assert.ok(p50 <= limitMs + 2, `p50 ${p50} ms`);
        assert.ok(p99 <= 1.25 * limitMs + 3, `p99 ${p99} ms`);
        assert.ok(share > 0.94, `${share}`);
      });
    }
  }

  Deno.test(`a path that becomes fifty times slower drains what was on its way, ${direction}`, async () => {
    const path = { rttMs: 20, mbps: 1000, laterMbps: 20, direction };
    const { p99, share } = await measure(path);
    assert.ok(p99 <= 45, `p99 ${p99} ms`);
    assert.ok(share > 0.94, `${share}`);
  });
}

Deno.test("a queue too short to show in round-trip times loses no more than a twentieth", async () => {
  const link = { delayMs: 25, bitsPerSecond: 1e8, jitterMs: 0.2 };
  const net = new SimNet({ seed: 5, link: { ...link, queueBytes: 8000 }, back: link });
  const listener = net.server.listen({ port: 80 });
  const counts = [{ received: 0 }, { received: 0 }];
  const ends: Promise<unknown>[] = [];
  for (const count of counts) {
    const pair = Promise.all([net.client.connect({ port: 80 }), listener.accept()]);
    const [client, server] = await net.run(pair, 5000);
    ends.push(source(client), sink(server, count));
  }
  listener.close();
  await net.pass(20_000);
  net.close();
  await Promise.all(ends);
  assert.ok(net.up.dropped < net.up.packets / 20, `${net.up.dropped} of ${net.up.packets}`);
  const [first, second] = counts.map(({ received }) => received);
  assert.ok(first! < 3 * second! && second! < 3 * first!, `${first} and ${second}`);
});

/** Share of 100 Mbit/s at 50 ms that one transfer gets from 2 s to 12 s in front of so short a queue. */
async function shareBehind(queueBytes: number): Promise<number> {
  const link = { delayMs: 25, bitsPerSecond: 1e8, jitterMs: 0.1 };
  const net = new SimNet({ seed: 7, link: { ...link, queueBytes }, back: link });
  const [client, server] = await openBulk(net);
  const count = { received: 0 };
  const ends = [source(client), sink(server, count)];
  await net.pass(2000);
  const before = count.received;
  await net.pass(10_000);
  net.close();
  await Promise.all(ends);
  return (count.received - before) * 8 / 1e9;
}

for (const [queueBytes, least] of [[60_000, 0.85], [20_000, 0.8]] as const) {
  Deno.test(`a transfer fills 50 ms and 100 Mbit/s though the queue holds ${queueBytes} bytes (RFC 9002 7.7)`, async () => {
    const share = await shareBehind(queueBytes);
    assert.ok(share > least, `${share}`);
  });
}
