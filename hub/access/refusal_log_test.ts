import assert from "node:assert/strict";
import { ManualClock } from "../../core/clock/mod.ts";
import { createLog } from "../../core/log/mod.ts";
import { RefusalLog } from "./refusal_log.ts";

function setUp() {
  const lines: string[] = [];
  const clock = new ManualClock();
  const write = (line: string) => void lines.push(line.slice("1970-01-01T00:00:00Z [hub] ".length));
  const refusals = new RefusalLog(createLog({ component: "hub", clock, write }), clock);
  const refuse = (remoteAddress: string, detail = "barn") =>
    refusals.note({ what: "connect refused", detail, remoteAddress });
  return { lines, clock, refusals, refuse };
}

Deno.test("RefusalLog writes one line for a source, and then how many there were in the minute", () => {
  const { lines, clock, refuse } = setUp();
  for (let i = 0; i < 1000; i++) refuse(`192.0.2.66:${i}`, `m${i}`);
  refuse("192.0.2.7:1");
  assert.deepEqual(lines.splice(0), [
    "connect refused: m0 from 192.0.2.66:0",
    "connect refused: barn from 192.0.2.7:1",
  ]);
  clock.advance(60_000);
  assert.deepEqual(lines.splice(0), [
    "connect refused: 999 more from 192.0.2.66 within a minute",
  ]);
  assert.equal(clock.nextTimerMs(), Infinity);
  refuse("192.0.2.66:1");
  assert.deepEqual(lines, ["connect refused: barn from 192.0.2.66:1"]);
});

Deno.test("RefusalLog tells many sources together, whatever they are", () => {
  const { lines, refusals, refuse } = setUp();
  for (let i = 0; i < 10_000; i++) refuse(`10.0.${i >> 8}.${i & 255}:1`);
  assert.equal(lines.length, 257);
  refusals.flush();
  assert.equal(lines.length, 258);
  assert.equal(lines.at(-1), "connect refused: 9743 more from other addresses within a minute");
});
