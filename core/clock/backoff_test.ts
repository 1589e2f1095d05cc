import assert from "node:assert/strict";
import { backoffDelayMs, resumeDelayMs } from "./backoff.ts";

const lowest = (out: Uint8Array) => void out.fill(0x00);
const highest = (out: Uint8Array) => void out.fill(0xff);

Deno.test("backoffDelayMs() doubles from 3 s to 300 s within 25 % when attempts fail (client 47)", () => {
  const table = [3, 6, 12, 24, 48, 96, 192, 300, 300];
  for (const [attempt, seconds] of table.entries()) {
    assert.equal(backoffDelayMs({ attempt, random: lowest }), seconds * 750);
    assert.equal(backoffDelayMs({ attempt, random: highest }), seconds * 1250);
  }
});

Deno.test("backoffDelayMs() stays at 300 s when attempts overflow a double's exponent", () => {
  assert.equal(backoffDelayMs({ attempt: 5000, random: highest }), 375_000);
});

Deno.test("backoffDelayMs() spreads between its bounds when the randomness varies", () => {
  const middle = (out: Uint8Array) => void out.set([0x80, 0, 0, 0]);
  const delayMs = backoffDelayMs({ attempt: 0, random: middle });
  assert.ok(Math.abs(delayMs - 3000) < 0.01, String(delayMs));
});

Deno.test("resumeDelayMs() begins at once and stays at 3 s within 25 %", () => {
  for (const [attempt, ms] of [0, 200, 500, 1000, 2000, 3000, 3000, 3000].entries()) {
    assert.equal(resumeDelayMs({ attempt, random: lowest }), ms * 0.75);
    assert.equal(resumeDelayMs({ attempt, random: highest }), ms * 1.25);
  }
  assert.equal(resumeDelayMs({ attempt: 5000, random: lowest }), 2250);
});
