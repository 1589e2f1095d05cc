import assert from "node:assert/strict";
import { ManualClock } from "../clock/mod.ts";
import { withoutRepeats } from "./repeats.ts";

Deno.test("withoutRepeats() writes a text once in 10 s, then with how often it came", async () => {
  const lines: string[] = [];
  const clock = new ManualClock();
  const write = withoutRepeats((text) => lines.push(text), clock);
  for (let i = 0; i < 1000; i++) write("refused");
  write("reset");
  await clock.advance(9_999);
  write("refused");
  assert.deepEqual(lines, ["refused", "reset"]);
  await clock.advance(1);
  write("refused");
  write("refused");
  await clock.advance(10_000);
  write("reset");
  assert.deepEqual(lines.slice(2), ["refused (1000 times more before)", "reset"]);
});

Deno.test("withoutRepeats() remembers 32 texts", () => {
  const lines: string[] = [];
  const write = withoutRepeats((text) => lines.push(text), new ManualClock());
  for (let i = 0; i <= 32; i++) write(`text ${i}`);
  write("text 1");
  assert.equal(lines.length, 33);
  write("text 0");
  assert.equal(lines.length, 34);
});
