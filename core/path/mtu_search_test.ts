import assert from "node:assert/strict";
import { LOOPBACK_MTUS, MtuSearch, ORDINARY_MTUS } from "./mtu_search.ts";

/** Polls each 100 ms; a path that carries up to `linkBytes` answers at once. */
function run(search: MtuSearch, linkBytes: number, [fromMs, untilMs]: [number, number]): number[] {
  const asked: number[] = [];
  for (let nowMs = fromMs; nowMs < untilMs; nowMs += 100) {
    for (let size = search.poll(nowMs); size !== undefined; size = search.poll(nowMs)) {
      asked.push(size);
      if (size <= linkBytes) search.answered(size, nowMs);
    }
  }
  return asked;
}

Deno.test("MtuSearch climbs to what the path carries, and tries again after ten minutes", () => {
  const search = new MtuSearch({ sizes: ORDINARY_MTUS, limitBytes: 16_384, nowMs: 0 });
  assert.equal(search.mtuBytes, 1_100);
  assert.deepEqual(run(search, 1_400, [0, 10_000]), [1_280, 1_392, 1_420, 1_420, 1_420]);
  assert.equal(search.mtuBytes, 1_392);
  assert.deepEqual(run(search, 1_400, [10_000, 600_000]), []);
  assert.deepEqual(run(search, 1_500, [600_000, 610_000]), [1_420]);
  assert.equal(search.mtuBytes, 1_420);
  assert.equal(search.nextDeadlineMs(), Infinity);
});

Deno.test("MtuSearch tries nothing above the limit, on loopback either", () => {
  const search = new MtuSearch({ sizes: LOOPBACK_MTUS, limitBytes: 5_000, nowMs: 0 });
  run(search, Infinity, [0, 1_000]);
  assert.equal(search.mtuBytes, 4_096);
  const small = new MtuSearch({ sizes: LOOPBACK_MTUS, limitBytes: 800, nowMs: 0 });
  assert.equal(small.mtuBytes, 800);
  assert.deepEqual(run(small, Infinity, [0, 1_000]), []);
});

Deno.test("MtuSearch.blackHole() falls back to the base and waits a minute", () => {
  const search = new MtuSearch({ sizes: ORDINARY_MTUS, limitBytes: 16_384, nowMs: 0 });
  run(search, Infinity, [0, 1_000]);
  assert.equal(search.blackHole(1_000), true);
  assert.equal(search.mtuBytes, 1_100);
  assert.equal(search.blackHole(1_000), false);
  assert.deepEqual(run(search, 1_300, [1_000, 61_000]), []);
  assert.deepEqual(run(search, 1_300, [61_000, 62_000]), [1_280, 1_392]);
});

Deno.test("MtuSearch.answered() counts only the size it asks for", () => {
  const search = new MtuSearch({ sizes: ORDINARY_MTUS, limitBytes: 16_384, nowMs: 0 });
  assert.equal(search.answered(1_420, 0), false);
  assert.equal(search.answered(16, 0), false);
  assert.equal(search.mtuBytes, 1_100);
});
