import assert from "node:assert/strict";
import { LOCAL_MTUS, MtuSearch, ORDINARY_MTUS } from "./mtu_search.ts";

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

Deno.test("MtuSearch climbs to what the path carries, and tries again ever later", () => {
  const search = new MtuSearch({ sizes: ORDINARY_MTUS, limitBytes: 16_384, nowMs: 0 });
  assert.equal(search.mtuBytes, 1_100);
  assert.equal(search.hasEnded, false);
  assert.deepEqual(run(search, 1_400, [0, 3_000]), [1_280, 1_392, 1_420, 1_420, 1_420]);
  assert.equal(search.mtuBytes, 1_392);
  assert.equal(search.hasEnded, false);
  assert.deepEqual(run(search, 1_400, [3_000, 8_000]), []);
  assert.equal(search.hasEnded, true);
  // Three times each, 5, 10, 20, 40, 80, 160 and 320 s after the try before has ended.
  assert.equal(run(search, 1_400, [8_000, 700_000]).length, 3 * 7);
  assert.deepEqual(run(search, 1_500, [700_000, 1_300_000]), [1_420]);
  assert.equal(search.mtuBytes, 1_420);
  assert.equal(search.nextDeadlineMs(), Infinity);
});

Deno.test("MtuSearch tries nothing above the limit, on loopback either", () => {
  const search = new MtuSearch({ sizes: LOCAL_MTUS, limitBytes: 5_000, nowMs: 0 });
  run(search, Infinity, [0, 1_000]);
  assert.equal(search.mtuBytes, 4_096);
  const small = new MtuSearch({ sizes: LOCAL_MTUS, limitBytes: 800, nowMs: 0 });
  assert.equal(small.mtuBytes, 800);
  assert.deepEqual(run(small, Infinity, [0, 1_000]), []);
});

Deno.test("MtuSearch.blackHole() falls back to the base, for longer each time", () => {
  const search = new MtuSearch({ sizes: ORDINARY_MTUS, limitBytes: 16_384, nowMs: 0 });
  run(search, Infinity, [0, 1_000]);
  assert.equal(search.blackHole(1_000), true);
  assert.equal(search.mtuBytes, 1_100);
  assert.equal(search.blackHole(1_000), false);
  assert.deepEqual(run(search, 1_500, [1_000, 6_000]), []);
  assert.deepEqual(run(search, 1_500, [6_000, 6_100]), [1_280, 1_392, 1_420]);
  assert.equal(search.blackHole(7_000), true);
  assert.deepEqual(run(search, 1_500, [7_000, 17_000]), []);
  assert.deepEqual(run(search, 1_500, [17_000, 17_100]), [1_280, 1_392, 1_420]);
});

Deno.test("MtuSearch.blackHole() waits briefly again after a size that held for a minute", () => {
  const search = new MtuSearch({ sizes: ORDINARY_MTUS, limitBytes: 16_384, nowMs: 0 });
  run(search, Infinity, [0, 1_000]);
  search.blackHole(1_000);
  run(search, Infinity, [1_000, 10_000]);
  search.blackHole(70_000);
  assert.deepEqual(run(search, 1_500, [70_000, 75_000]), []);
  assert.deepEqual(run(search, 1_500, [75_000, 75_100]), [1_280, 1_392, 1_420]);
});

Deno.test("MtuSearch.answered() counts only the size it asks for", () => {
  const search = new MtuSearch({ sizes: ORDINARY_MTUS, limitBytes: 16_384, nowMs: 0 });
  assert.equal(search.answered(1_420, 0), false);
  assert.equal(search.answered(16, 0), false);
  assert.equal(search.mtuBytes, 1_100);
});
