import assert from "node:assert/strict";
import fc from "fast-check";
import { BufferMemory, PAGE_BYTES, PagedBuffer, PagePool } from "./paged_buffer.ts";
import { RangeSet } from "./reassembly.ts";
import { ReceiveBuffer } from "./receive_buffer.ts";
import { SendBuffer } from "./send_buffer.ts";
import { seqAdd, seqDiff, toSeq } from "./seq.ts";

const BASE = toSeq(0xfffffff0);

function ranges(set: RangeSet): [number, number][] {
  return Array.from({ length: set.count }, (_, i) => [
    seqDiff(set.start(i), BASE),
    seqDiff(set.end(i), BASE),
  ]);
}

Deno.test("RangeSet.add() joins what overlaps or touches", () => {
  const table: [[number, number][], [number, number][]][] = [
    [[[5, 10]], [[5, 10]]],
    [[[5, 10], [10, 12]], [[5, 12]]],
    [[[5, 10], [3, 5]], [[3, 10]]],
    [[[5, 10], [20, 30], [10, 20]], [[5, 30]]],
    [[[5, 10], [20, 30], [12, 15]], [[5, 10], [12, 15], [20, 30]]],
    [[[5, 10], [6, 7]], [[5, 10]]],
    [[[5, 10], [20, 30], [40, 50], [0, 60]], [[0, 60]]],
    [[[5, 10], [7, 7]], [[5, 10]]],
  ];
  for (const [added, expected] of table) {
    const set = new RangeSet(8);
    for (const [a, b] of added) assert.ok(set.add(seqAdd(BASE, a), seqAdd(BASE, b)));
    assert.deepEqual(ranges(set), expected);
  }
});

Deno.test("RangeSet.add() refuses one range too many and changes nothing", () => {
  const set = new RangeSet(2);
  set.add(seqAdd(BASE, 0), seqAdd(BASE, 1));
  set.add(seqAdd(BASE, 10), seqAdd(BASE, 11));
  assert.equal(set.add(seqAdd(BASE, 5), seqAdd(BASE, 6)), false);
  assert.deepEqual(ranges(set), [[0, 1], [10, 11]]);
  assert.equal(set.add(seqAdd(BASE, 1), seqAdd(BASE, 5)), true);
  assert.deepEqual(ranges(set), [[0, 5], [10, 11]]);
});

Deno.test("RangeSet agrees with a set of single numbers for any operations", () => {
  const operation = fc.tuple(fc.boolean(), fc.nat(60), fc.nat(12));
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 40 }), (operations) => {
      const set = new RangeSet(100);
      const naive = new Set<number>();
      for (const [isAdd, at, length] of operations) {
        if (isAdd) {
          set.add(seqAdd(BASE, at), seqAdd(BASE, at + length));
          for (let i = at; i < at + length; i++) naive.add(i);
        } else {
          set.removeBefore(seqAdd(BASE, at));
          for (const i of naive) if (i < at) naive.delete(i);
        }
        const listed = ranges(set).flatMap(([a, b]) =>
          Array.from({ length: b - a }, (_, i) => a + i)
        );
        assert.deepEqual(listed, [...naive].sort((a, b) => a - b));
        assert.equal(set.totalBytes, naive.size);
      }
    }),
    { seed: 2 },
  );
});

Deno.test("ReceiveBuffer gives the bytes in order, however they arrive", () => {
  const piece = fc.tuple(fc.nat(3 * PAGE_BYTES), fc.integer({ min: 1, max: PAGE_BYTES }));
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), fc.nat(PAGE_BYTES), (pieces, chunk) => {
      const pool = new PagePool();
      const buffer = new ReceiveBuffer(pool);
      const total = 4 * PAGE_BYTES;
      const all = Uint8Array.from({ length: total }, (_, i) => Math.imul(i, 0x9e3779b1) >>> 24);
      let next = 0;
      let readAt = 0;
      const into = new Uint8Array(chunk + 1);
      const readOnce = () => {
        const count = buffer.read(into);
        assert.deepEqual(into.subarray(0, count), all.subarray(readAt, readAt + count));
        readAt += count;
      };
      for (const [at, length] of [...pieces, [0, total] as const]) {
        const start = Math.max(at, next);
        const end = Math.min(at + length, total);
        if (start >= end) continue;
        const moved = buffer.store(seqAdd(BASE, next), seqAdd(BASE, start), all, start, end);
        assert.ok(moved >= 0);
        next += moved;
        readOnce();
      }
      while (buffer.readableBytes > 0) readOnce();
      assert.equal(next, total);
      assert.equal(readAt, total);
      assert.equal(pool.lentBytes, 0);
    }),
    { seed: 3, numRuns: 60 },
  );
});

Deno.test("SendBuffer holds to its bound and gives back what was written", () => {
  const pool = new PagePool();
  const buffer = new SendBuffer(pool, 50_000);
  assert.equal(pool.lentBytes, 0);
  const bytes = Uint8Array.from({ length: 60_000 }, (_, i) => i % 251);
  assert.equal(buffer.write(bytes, 0), 50_000);
  assert.equal(buffer.freeBytes, 0);
  buffer.acknowledge(20_000);
  assert.equal(buffer.write(bytes, 50_000), 10_000);
  const out = new Uint8Array(40_001);
  buffer.read(0, 40_000, out, 1);
  assert.deepEqual(out.subarray(1), bytes.subarray(20_000));
  buffer.acknowledge(40_000);
  assert.equal(pool.lentBytes, 0);
});

Deno.test("PagedBuffer takes pages only where bytes are and gives them back", () => {
  const pool = new PagePool();
  const buffer = new PagedBuffer(pool);
  buffer.write(10 * PAGE_BYTES, new Uint8Array(10), 0, 10);
  assert.equal(pool.lentBytes, PAGE_BYTES);
  buffer.consume(5 * PAGE_BYTES);
  const out = new Uint8Array(10).fill(9);
  buffer.read(5 * PAGE_BYTES, 10, out, 0);
  assert.deepEqual(out, new Uint8Array(10));
  buffer.consume(6 * PAGE_BYTES);
  assert.equal(pool.lentBytes, 0);
  buffer.write(0, new Uint8Array(1), 0, 1);
  buffer.clear();
  assert.equal(pool.lentBytes, 0);
});

Deno.test("pools share their free pages, and count their own alone", () => {
  const [one, other] = [new PagePool(), new PagePool()];
  const page = one.take();
  one.give(page);
  assert.equal(other.take(), page);
  assert.deepEqual([one.lentBytes, other.lentBytes], [0, PAGE_BYTES]);
  other.give(page);
});

Deno.test("stacks share memory: buffers in need come to hold equal parts, and as much is left", () => {
  const memory = new BufferMemory(3584 * PAGE_BYTES);
  const pools = Array.from({ length: 3 }, () => new PagePool(2048 * PAGE_BYTES, memory));
  const buffers = pools.flatMap((pool) => Array.from({ length: 64 }, () => ({ pool, pages: 0 })));
  const mayTake = ({ pool, pages }: { pool: PagePool; pages: number }) =>
    (pages + 1) * PAGE_BYTES <= pool.shareBytes;
  for (let hungry = buffers.filter(mayTake); hungry.length > 0; hungry = buffers.filter(mayTake)) {
    const next = hungry.reduce((a, b) => b.pages < a.pages ? b : a);
    next.pages++;
    next.pool.take();
  }
  assert.deepEqual([...new Set(buffers.map(({ pages }) => pages))], [16]);
  assert.equal(new PagePool(Infinity, memory).shareBytes, 16 * PAGE_BYTES, "for those to come");
  assert.ok(!pools[0]!.full);
  for (let left = memory.maxBytes - memory.lentBytes; left > 0; left -= PAGE_BYTES) {
    pools[0]!.take();
  }
  assert.ok(pools[1]!.full, "all that is shared is lent");
  assert.equal(pools[1]!.shareBytes, PAGE_BYTES, "a page at least");
  pools[0]!.give(new Uint8Array(PAGE_BYTES));
  assert.ok(!pools[1]!.full);
});
