import assert from "node:assert/strict";
import { parseDuration } from "./duration.ts";

const CASES: [text: string, ms: number | undefined][] = [
  ["30s", 30_000],
  ["1m30s", 90_000],
  ["1.5h", 5_400_000],
  ["250ms", 250],
  [".5s", 500],
  ["-3s", -3000],
  ["+2m", 120_000],
  ["0", 0],
  ["", undefined],
  ["30", undefined],
  ["s", undefined],
  ["30 s", undefined],
  ["1d", undefined],
  ["1s x", undefined],
  ["1.s.", undefined],
];

for (const [text, ms] of CASES) {
  Deno.test(`parseDuration() of "${text}" is ${ms}`, () => {
    assert.equal(parseDuration(text), ms);
  });
}
