import assert from "node:assert/strict";
import { Budget } from "./budget.ts";

Deno.test("Budget gives a burst and then its rate", () => {
  const budget = new Budget({ burst: 3, perSecond: 2 });
  const taken = (ms: number) => budget.take(ms);
  assert.deepEqual([0, 0, 0, 0, 499, 500, 999, 1000].map(taken), [
    ...[true, true, true, false],
    ...[false, true, false, true],
  ]);
  assert.deepEqual([1e9, 1e9, 1e9, 1e9].map(taken), [true, true, true, false]);
});
