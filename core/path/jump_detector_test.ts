import assert from "node:assert/strict";
import { JumpDetector } from "./jump_detector.ts";

Deno.test("JumpDetector notices a late timer and a wall clock that ran away, and nothing else", () => {
  const jumps = new JumpDetector();
  const wallMs = 1_000_000;
  assert.equal(jumps.check({ nowMs: 0, wallMs, dueMs: 0 }), false);
  assert.equal(jumps.check({ nowMs: 4_000, wallMs: wallMs + 4_500, dueMs: 4_000 }), false);
  assert.equal(jumps.check({ nowMs: 10_001, wallMs: wallMs + 10_001, dueMs: 8_000 }), true);
  assert.equal(jumps.check({ nowMs: 12_000, wallMs: wallMs + 612_000, dueMs: 12_000 }), true);
  assert.equal(jumps.check({ nowMs: 16_000, wallMs: wallMs + 616_000, dueMs: 16_000 }), false);
  assert.equal(jumps.check({ nowMs: 20_000, wallMs: wallMs + 20_000, dueMs: 20_000 }), true);
});
