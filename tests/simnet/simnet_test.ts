import assert from "node:assert/strict";
import type { TcpConn } from "../../core/netstack/mod.ts";
import { SimNet, type SimNetOptions } from "./mod.ts";

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
