import assert from "node:assert/strict";
import { sleep } from "./clock.ts";
import { ManualClock } from "./manual_clock.ts";

Deno.test("ManualClock.advance() runs timers in order of time, then of setting", () => {
  const clock = new ManualClock();
  const log: string[] = [];
  clock.setTimer(() => log.push(`b@${clock.nowMs()}`), 20);
  clock.setTimer(() => log.push(`a@${clock.nowMs()}`), 10);
  clock.setTimer(() => log.push(`c@${clock.nowMs()}`), 20);
  clock.setTimer(() => log.push("cancelled"), 15).cancel();
  clock.advance(20);
  assert.deepEqual(log, ["a@10", "b@20", "c@20"]);
  assert.equal(clock.nextTimerMs(), Infinity);
});

Deno.test("ManualClock.advance() runs a timer that a timer sets within the span", () => {
  const clock = new ManualClock();
  let ranAt = -1;
  clock.setTimer(() => clock.setTimer(() => ranAt = clock.nowMs(), 5), 10);
  clock.advance(15);
  assert.equal(ranAt, 15);
});

Deno.test("ManualClock.jumpWall() leaves monotonic time alone", () => {
  const clock = new ManualClock(1000);
  clock.jumpWall(-400);
  assert.equal(clock.wallMs(), 600);
  assert.equal(clock.nowMs(), 0);
});

Deno.test("sleep() resolves at its time and rejects when aborted, leaving no timer", async () => {
  const clock = new ManualClock();
  const done = sleep(clock, 10);
  clock.advance(10);
  await done;
  const controller = new AbortController();
  const aborted = sleep(clock, 10, controller.signal);
  controller.abort(new Error("stop"));
  await assert.rejects(aborted, { message: "stop" });
  assert.equal(clock.nextTimerMs(), Infinity);
  await assert.rejects(sleep(clock, 10, controller.signal), { message: "stop" });
});
