import assert from "node:assert/strict";
import fc from "fast-check";
import { seqAdd, seqDiff, seqLe, seqLt, seqMax, toSeq } from "./seq.ts";

Deno.test("sequence numbers compare, add and subtract across the wrap", () => {
  const table: [number, number, number][] = [
    [0, 0, 0],
    [1, 0, 1],
    [0, 0xffffffff, 1],
    [0x7fffffff, 0, 0x7fffffff],
    [0x80000000, 1, 0x7fffffff],
    [5, 0xfffffffa, 11],
    [0xfffffffa, 5, -11],
  ];
  for (const [a, b, diff] of table) {
    const [x, y] = [toSeq(a), toSeq(b)];
    assert.equal(seqDiff(x, y), diff);
    assert.equal(seqAdd(y, diff), x);
    assert.equal(seqLt(x, y), diff < 0);
    assert.equal(seqLe(x, y), diff <= 0);
    assert.equal(seqMax(x, y), diff < 0 ? y : x);
  }
});

Deno.test("seqDiff() is the inverse of seqAdd() within half the number space", () => {
  const half = 2 ** 31;
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 2 ** 32 - 1 }),
      fc.integer({ min: -half, max: half - 1 }),
      (value, by) => seqDiff(seqAdd(toSeq(value), by), toSeq(value)) === by,
    ),
    { seed: 1 },
  );
});
