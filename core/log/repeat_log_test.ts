import assert from "node:assert/strict";
import { ManualClock } from "../clock/mod.ts";
import { RepeatLog } from "./repeat_log.ts";

function setUp(windowMs?: number) {
  const lines: string[] = [];
  const clock = new ManualClock();
  const log = new RepeatLog((text) => lines.push(text), {
    clock,
    ...(windowMs !== undefined && { windowMs }),
  });
  const refuse = (source: string, detail = "barn") =>
    log.note({ what: "connect refused", detail, which: `from ${source}` });
  return { lines, clock, log, refuse };
}

Deno.test("RepeatLog writes the first of those that are alike, and then how many more came", () => {
  const { lines, clock, refuse } = setUp();
  for (let i = 0; i < 1000; i++) refuse("192.0.2.66", `m${i}`);
  refuse("192.0.2.7");
  assert.deepEqual(lines.splice(0), ["connect refused: m0", "connect refused: barn"]);
  clock.advance(60_000);
  assert.deepEqual(lines.splice(0), ["connect refused: 999 more from 192.0.2.66 within 60 s"]);
  assert.equal(clock.nextTimerMs(), Infinity);
  refuse("192.0.2.66");
  assert.deepEqual(lines, ["connect refused: barn"]);
});

Deno.test("RepeatLog takes all for alike that does not say which it is", () => {
  const { lines, clock, log } = setUp(10_000);
  for (const detail of ["timeout", "refused", "reset"]) log.note({ what: "cannot dial", detail });
  clock.advance(9_999);
  assert.deepEqual(lines.splice(0), ["cannot dial: timeout"]);
  clock.advance(1);
  assert.deepEqual(lines, ["cannot dial: 2 more within 10 s"]);
});

Deno.test("RepeatLog tells very many together, whatever they are", () => {
  const { lines, log, refuse } = setUp();
  for (let i = 0; i < 10_000; i++) refuse(`10.0.${i >> 8}.${i & 255}`);
  assert.equal(lines.length, 257);
  log.flush();
  assert.equal(lines.length, 258);
  assert.equal(lines.at(-1), "connect refused: 9743 more of others within 60 s");
});

Deno.test("RepeatLog flush() tells what was counted, once, and leaves no timer", () => {
  const { lines, clock, log, refuse } = setUp();
  refuse("192.0.2.7");
  refuse("192.0.2.7");
  log.flush();
  log.flush();
  assert.deepEqual(lines.slice(1), ["connect refused: 1 more from 192.0.2.7 within 60 s"]);
  assert.equal(clock.nextTimerMs(), Infinity);
});
