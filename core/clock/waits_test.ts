import assert from "node:assert/strict";
import { ManualClock } from "./manual_clock.ts";
import { Waits } from "./waits.ts";

Deno.test("Waits.begin() calls back at the end of each wait, in the order of their beginning", () => {
  const clock = new ManualClock();
  const waits = new Waits(clock, 100);
  const ended: string[] = [];
  const note = (name: string) => () => ended.push(`${name}@${clock.nowMs()}`);
  waits.begin(note("a"));
  clock.advance(30);
  waits.begin(note("b"));
  waits.begin(note("c"));
  clock.advance(99);
  assert.deepEqual(ended, ["a@100"]);
  clock.advance(1);
  assert.deepEqual(ended, ["a@100", "b@130", "c@130"]);
  assert.equal(clock.nextTimerMs(), Infinity);
});

Deno.test("Waits.begin() does not call back when cancelled, and the others keep their ends", () => {
  const clock = new ManualClock();
  const waits = new Waits(clock, 100);
  const ended: string[] = [];
  const first = waits.begin(() => ended.push("first"));
  clock.advance(60);
  const second = waits.begin(() => ended.push(`second@${clock.nowMs()}`));
  first.cancel();
  clock.advance(100);
  assert.deepEqual(ended, ["second@160"]);
  second.cancel();
  first.cancel();
  assert.deepEqual(ended, ["second@160"]);
});

Deno.test("Waits leave no timer once the last wait is cancelled", () => {
  const clock = new ManualClock();
  const waits = new Waits(clock, 100);
  const both = [waits.begin(() => {}), waits.begin(() => {})];
  assert.equal(clock.nextTimerMs(), 100);
  for (const wait of both) wait.cancel();
  assert.equal(clock.nextTimerMs(), Infinity);
});

Deno.test("Waits.begin() begins and cancels within the callback of another", () => {
  const clock = new ManualClock();
  const waits = new Waits(clock, 100);
  const ended: string[] = [];
  waits.begin(() => {
    ended.push("a");
    waits.begin(() => ended.push(`c@${clock.nowMs()}`));
    second.cancel();
  });
  const second = waits.begin(() => ended.push("b"));
  clock.advance(200);
  assert.deepEqual(ended, ["a", "c@200"]);
  assert.equal(clock.nextTimerMs(), Infinity);
});

Deno.test("Waits keep their ends when the callback of one throws", () => {
  const clock = new ManualClock();
  const waits = new Waits(clock, 100);
  const ended: string[] = [];
  waits.begin(() => {
    throw new Error("broken");
  });
  waits.begin(() => ended.push("b"));
  assert.throws(() => clock.advance(100), { message: "broken" });
  clock.advance(0);
  assert.deepEqual(ended, ["b"]);
});
