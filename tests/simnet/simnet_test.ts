import assert from "node:assert/strict";
import type { TcpConn } from "../../core/netstack/mod.ts";
import { Rng, SimNet, type SimNetOptions } from "./mod.ts";

async function open(net: SimNet): Promise<[TcpConn, TcpConn]> {
  const listener = net.server.listen({ port: 80 });
  return await net.run(
    Promise.all([net.client.connect({ port: 80 }), listener.accept()]),
    120_000,
  );
}

/** The byte at `position` of every stream; no period that a page or a segment could hide. */
function byteAt(position: number): number {
  return (Math.imul(position, 0x9e3779b1) >>> 24) & 255;
}

async function send(conn: TcpConn, total: number, chunk: number): Promise<void> {
  for (let at = 0; at < total;) {
    const bytes = new Uint8Array(Math.min(chunk, total - at));
    for (let i = 0; i < bytes.length; i++) bytes[i] = byteAt(at + i);
    at += await conn.write(bytes);
  }
  await conn.closeWrite();
}

async function receive(conn: TcpConn, chunk: number): Promise<number> {
  const bytes = new Uint8Array(chunk);
  for (let at = 0;;) {
    const count = await conn.read(bytes);
    if (count === null) return at;
    for (let i = 0; i < count; i++) {
      if (bytes[i] !== byteAt(at + i)) throw new Error(`wrong byte at ${at + i}`);
    }
    at += count;
  }
}

/** Sends `total` bytes one way; gives the goodput in Mbit/s of virtual time. */
async function bulk(options: SimNetOptions, total: number): Promise<number> {
  const net = new SimNet(options);
  const [client, server] = await open(net);
  const startMs = net.clock.nowMs();
  const work = Promise.all([send(client, total, 65536), receive(server, 65536)]);
  const [, received] = await net.run(work, 3_600_000);
  assert.equal(received, total);
  const seconds = (net.clock.nowMs() - startMs) / 1000;
  net.close();
  return total * 8 / seconds / 1e6;
}

const CASES: [string, SimNetOptions["link"] & object, number][] = [
  ["no loss", {}, 60],
  ["1 % loss", { loss: 0.01 }, 1],
  ["3 % loss", { loss: 0.03 }, 0.5],
  ["reordering", { reorder: 0.02, reorderMs: 8 }, 1],
  ["duplication", { duplicate: 0.05 }, 20],
  ["jitter", { jitterMs: 5 }, 20],
  ["a short queue", { queueBytes: 50_000 }, 5],
];

for (const [name, link, leastMbps] of CASES) {
  Deno.test(`bulk transfer completes with ${name} at 20 ms and 100 Mbit/s`, async () => {
    const options = { seed: 7, link: { delayMs: 10, bitsPerSecond: 1e8, ...link } };
    const mbps = await bulk(options, 3_000_000);
    assert.ok(mbps > leastMbps, `${mbps} Mbit/s`);
  });
}

Deno.test("200 concurrent streams, both directions, each arrive whole and leave nothing behind", async () => {
  const net = new SimNet({ seed: 3, link: { delayMs: 2, loss: 0.002, bitsPerSecond: 1e9 } });
  const rng = new Rng(4);
  const listener = net.server.listen({ port: 80 });
  const serve = (async () => {
    const running: Promise<unknown>[] = [];
    for await (const conn of listener) {
      running.push(receive(conn, 20_000).then((length) => send(conn, length, 9_000)));
    }
    await Promise.all(running);
  })();
  const streams = Array.from({ length: 200 }, async () => {
    const length = rng.below(60_000);
    const conn = await net.client.connect({ port: 80 });
    await send(conn, length, 7_000);
    assert.equal(await receive(conn, 30_000), length);
  });
  await net.run(Promise.all(streams), 600_000);
  listener.close();
  await net.run(serve, 1000);
  await net.pass(10_000);
  for (const stats of [net.client.stats, net.server.stats]) {
    assert.deepEqual([stats.connections, stats.bufferBytes], [0, 0]);
  }
  net.close();
});

Deno.test("a path that changes its MTU during a transfer loses nothing", async () => {
  const link = { delayMs: 5, bitsPerSecond: 1e8, loss: 0.005 };
  const net = new SimNet({ seed: 8, mtuBytes: 9000, link });
  const [client, server] = await open(net);
  let mtuBytes = 9000;
  // The path carries nothing larger than what it says it does.
  net.up.filter = (packet) => packet.length <= mtuBytes;
  const changing = (async () => {
    for (mtuBytes of [1100, 9000, 300, 4000]) {
      net.client.setMtu(mtuBytes);
      await new Promise<void>((resolve) => net.clock.setTimer(resolve, 150));
    }
  })();
  const work = Promise.all([send(client, 2_000_000, 65536), receive(server, 65536), changing]);
  assert.equal((await net.run(work, 600_000))[1], 2_000_000);
  net.close();
});

for (const rttMs of [20, 150]) {
  Deno.test(`what a queue drops at ${rttMs} ms is sent again, and nothing else arrives twice`, async () => {
    const link = { delayMs: rttMs / 2, bitsPerSecond: 1e8, queueBytes: rttMs * 12_500 };
    const net = new SimNet({ seed: 9, link });
    const [client, server] = await open(net);
    const input = net.server.input.bind(net.server);
    let arrivedBytes = 0;
    net.server.input = (bytes, start, end, nowMs) => {
      arrivedBytes += end - start - 20 - (bytes[start + 32]! >> 4) * 4;
      return input(bytes, start, end, nowMs);
    };
    const total = 30_000_000;
    const work = Promise.all([send(client, total, 65536), receive(server, 65536)]);
    assert.equal((await net.run(work, 600_000))[1], total);
    assert.ok(net.up.dropped > 0);
    assert.equal(arrivedBytes, total);
    net.close();
  });
}
