/**
 * Several stacks share memory that is far too little for what comes: whatever the readers do, it is not
 * exceeded by more than some pages for each connection, and every reader that goes on gets its bytes.
 * With what there is by default, few connections have much, and many something.
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import type { TcpConn } from "../../core/netstack/mod.ts";
import { BufferMemory } from "../../core/tcp/mod.ts";
import { SimNet } from "./mod.ts";
import { SimClock } from "./sim_clock.ts";
import { openBulk, source } from "./throughput.ts";

const PAGE_BYTES = 16384;

/** What a connection may hold when all is lent: a page, a segment on top, and where they begin and end. */
const SLACK_BYTES = 3 * PAGE_BYTES;

/** How often the memory is looked at, in ms. */
const LOOK_MS = 10;

/** Longest a transfer may take beyond the pauses of its reader, in ms. */
const MAX_TAIL_MS = 60_000;

/** What one transfer is, and how it is read. */
interface Reader {
  totalBytes: number;
  pieceBytes: number;
  stallMs: number;
  stallAtBytes: number;
}

const reader: fc.Arbitrary<Reader> = fc.record({
  totalBytes: fc.integer({ min: 1, max: 400_000 }),
  pieceBytes: fc.constantFrom(500, 3000, 8192, 70_000),
  stallMs: fc.constantFrom(0, 100, 3000, 20_000),
  stallAtBytes: fc.integer({ min: 0, max: 300_000 }),
});

const mix = fc.record({
  seed: fc.integer(),
  memoryBytes: fc.constantFrom(PAGE_BYTES, 1 << 18, 1 << 20),
  stackBufferBytes: fc.constantFrom(PAGE_BYTES, 1 << 18, 64 << 20),
  mtuBytes: fc.constantFrom(1100, 9000, 16384),
  delayMs: fc.constantFrom(0, 1, 20),
  stacks: fc.array(fc.array(reader, { minLength: 1, maxLength: 8 }), {
    minLength: 1,
    maxLength: 3,
  }),
});

async function read(clock: SimClock, conn: TcpConn, plan: Reader): Promise<void> {
  const into = new Uint8Array(plan.pieceBytes);
  let stalls = plan.stallMs > 0;
  for (let got = 0; got < plan.totalBytes;) {
    if (stalls && got >= plan.stallAtBytes) {
      stalls = false;
      await new Promise<void>((resolve) => clock.setTimer(resolve, plan.stallMs));
    }
    const count = await conn.read(into);
    assert.ok(count !== null, "the end came too soon");
    for (let i = 0; i < count; i++) assert.equal(into[i], (got + i) % 251);
    got += count;
  }
}

async function transfer(net: SimNet, port: number, plan: Reader): Promise<void> {
  const listener = net.server.listen({ port });
  const [sender, receiver] = await Promise.all([net.client.connect({ port }), listener.accept()]);
  const bytes = Uint8Array.from({ length: plan.totalBytes }, (_, i) => i % 251);
  await Promise.all([sender.write(bytes), read(net.clock, receiver, plan)]);
}

Deno.test("stacks that share memory stay within it, and every reader that goes on gets its bytes", async () => {
  const property = fc.asyncProperty(mix, async (o) => {
    const clock = new SimClock();
    const memory = new BufferMemory(o.memoryBytes);
    const nets = o.stacks.map((_, i) =>
      new SimNet({
        seed: o.seed + i,
        clock,
        mtuBytes: o.mtuBytes,
        link: { delayMs: o.delayMs, bitsPerSecond: 1e8 },
        serverTcp: { stackBufferBytes: o.stackBufferBytes },
        serverMemory: memory,
      })
    );
    const connections = o.stacks.flat().length;
    const look = () => {
      const bound = o.memoryBytes + connections * SLACK_BYTES;
      assert.ok(memory.lentBytes <= bound, `${memory.lentBytes} lent, bound ${bound}`);
      for (const [i, net] of nets.entries()) {
        const ownBound = o.stackBufferBytes + o.stacks[i]!.length * SLACK_BYTES;
        assert.ok(net.server.stats.bufferBytes <= ownBound, "a stack holds too much");
      }
    };
    let looking = true;
    const again = () => {
      look();
      if (looking) clock.setTimer(again, LOOK_MS);
    };
    again();
    const work = Promise.all(
      o.stacks.flatMap((plans, i) => plans.map((plan, j) => transfer(nets[i]!, 80 + j, plan))),
    );
    const longestMs = Math.max(...o.stacks.flat().map(({ stallMs }) => stallMs));
    await nets[0]!.run(work, longestMs + MAX_TAIL_MS);
    looking = false;
    for (const net of nets) net.close();
    assert.equal(memory.lentBytes, 0);
  });
  await fc.assert(property, { seed: 22, numRuns: 60 });
});

Deno.test("readers that pause for longer than the user timeout, with all memory lent, get their bytes after it", async () => {
  const net = new SimNet({
    seed: 23,
    link: { delayMs: 5, bitsPerSecond: 1e9 },
    clientTcp: { userTimeoutMs: 10_000, stackBufferBytes: 1 << 29 },
    serverTcp: { stackBufferBytes: 4 << 20 },
  });
  const plan = { totalBytes: 300_000, pieceBytes: 65_536, stallMs: 100_000, stallAtBytes: 0 };
  const work = Promise.all(Array.from({ length: 60 }, (_, i) => transfer(net, 80 + i, plan)));
  await net.run(work, plan.stallMs + 5000);
  net.close();
});

/** Mbit/s that a connection gets in its first 3 s at 100 ms and 1 Gbit/s, beside some that stopped. */
async function rateBeside({ stopped }: { stopped: number }): Promise<number> {
  const link = { delayMs: 50, bitsPerSecond: 1e9, queueBytes: 12_500_000 };
  const net = new SimNet({ seed: 24, link, mtuBytes: 9000 });
  const into = new Uint8Array(262_144);
  const ends: Promise<void>[] = [];
  let bytes = 0;
  for (let i = 0; i <= stopped; i++) {
    const [client, server] = await openBulk(net);
    ends.push(source(client));
    const untilMs = net.clock.nowMs() + 3000;
    const reading = (async () => {
      for (bytes = 0; net.clock.nowMs() < untilMs;) bytes += await server.read(into) ?? 0;
    })();
    await net.run(reading, 10_000);
  }
  net.close();
  await Promise.all(ends);
  return bytes * 8 / 3e6;
}

Deno.test("one connection fills a long fast path, and readers that stop leave the next one a window", async () => {
  const rates = [await rateBeside({ stopped: 0 }), await rateBeside({ stopped: 5 })];
  assert.ok(rates[0]! > 600 && rates[1]! > 200, `${rates} Mbit/s`);
});
