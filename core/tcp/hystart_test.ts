import assert from "node:assert/strict";
import { HyStart } from "./hystart.ts";

function round(hystart: HyStart, rttMs: number, samples = 8): boolean {
  for (let i = 0; i < samples; i++) hystart.sample(rttMs);
  return hystart.roundStarted();
}

Deno.test("RFC 9406 §4.2: a rising round-trip time slows growth down, and ends it five rounds later", () => {
  const hystart = new HyStart();
  assert.equal(round(hystart, 50), false);
  assert.equal(hystart.growth, 1);
  const ends = Array.from({ length: 6 }, () => round(hystart, 57));
  assert.deepEqual(ends, [false, false, false, false, false, true]);
});

Deno.test("RFC 9406 §4.2: growth is a quarter meanwhile, and whole again if the rise was jitter", () => {
  const hystart = new HyStart();
  round(hystart, 50);
  for (let i = 0; i < 8; i++) hystart.sample(60);
  assert.equal(hystart.growth, 1 / 4);
  hystart.roundStarted();
  for (let i = 0; i < 8; i++) hystart.sample(51);
  assert.equal(hystart.growth, 1);
});

Deno.test("RFC 9406 §4.3: an eighth of the round-trip time counts, 4 ms at least and 16 at most", () => {
  for (const [baseMs, rises] of [[1, 4], [80, 10], [400, 16]] as const) {
    for (const [extra, growth] of [[-0.5, 1], [0, 1 / 4]] as const) {
      const hystart = new HyStart();
      round(hystart, baseMs);
      for (let i = 0; i < 8; i++) hystart.sample(baseMs + rises + extra);
      assert.equal(hystart.growth, growth, `${baseMs} + ${rises + extra}`);
    }
  }
});

Deno.test("RFC 9406 §4.2: seven measurements in a round are too few", () => {
  const hystart = new HyStart();
  round(hystart, 50);
  round(hystart, 90, 7);
  assert.equal(hystart.growth, 1);
});
