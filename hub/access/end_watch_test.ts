import assert from "node:assert/strict";
import { ManualClock } from "../../core/clock/mod.ts";
import { identity } from "../testing/mod.ts";
import { NOW, state } from "./_fixture.ts";
import { Access } from "./access.ts";
import { EndWatch } from "./end_watch.ts";

function watch(...endsMs: number[]) {
  const clock = new ManualClock(NOW);
  const tokens = endsMs.map((ms, i) => identity(`u${i}`, "user", { expiresAtMs: NOW + ms }));
  let access = new Access(state([identity("owner", "owner"), ...tokens]).auth);
  const ends: number[] = [];
  const watched = new EndWatch({
    access: () => access,
    clock,
    onEnd: () => void ends.push(clock.nowMs()),
  });
  return { clock, ends, watched, replace: (auth: Access) => access = auth };
}

Deno.test("EndWatch tells of each end, the millisecond after it", () => {
  const { clock, ends, watched } = watch(3_600_000, 500, 500);
  clock.advance(500);
  assert.deepEqual(ends, []);
  clock.advance(1);
  assert.deepEqual(ends, [501]);
  clock.advance(3_600_000);
  assert.deepEqual(ends, [501, 3_600_001]);
  watched.stop();
});

Deno.test("EndWatch follows tokens that are changed, and stops", () => {
  const { clock, ends, watched, replace } = watch(500);
  replace(new Access(state([identity("a", "user", { expiresAtMs: NOW + 100 })]).auth));
  watched.rearm();
  clock.advance(101);
  assert.deepEqual(ends, [101]);
  watched.stop();
  clock.advance(1_000_000);
  assert.deepEqual(ends, [101]);
});
