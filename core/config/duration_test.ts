import assert from "node:assert/strict";
import { parseDuration } from "./duration.ts";

Deno.test("parseDuration() reads what Go writes", () => {
  const cases: [text: string, ms: number | undefined][] = [
    ["30s", 30_000],
    ["1m30s", 90_000],
    ["1h0m0.5s", 3_600_500],
    ["1.5h", 5_400_000],
    [".5s", 500],
    ["250ms", 250],
    ["100us", 0.1],
    ["100µs", 0.1],
    ["5ns", 0.000005],
    ["-2s", -2000],
    ["+2s", 2000],
    ["0", 0],
    ["", undefined],
    ["-", undefined],
    ["30", undefined],
    ["s", undefined],
    [".s", undefined],
    ["30 s", undefined],
    ["1m 30s", undefined],
    ["1d", undefined],
    ["--1s", undefined],
  ];
  for (const [text, ms] of cases) {
    const got = parseDuration(text);
    if (ms === undefined || got === undefined) assert.equal(got, ms, text);
    else assert.ok(Math.abs(got - ms) < 1e-6, `${text}: ${got}`);
  }
});
