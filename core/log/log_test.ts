import assert from "node:assert/strict";
import { ManualClock } from "../clock/mod.ts";
import { createLog } from "./log.ts";
import { LogRing } from "./ring.ts";

Deno.test("createLog() writes time, component and text, and keeps a prefix of the text's own", () => {
  const lines: string[] = [];
  const clock = new ManualClock(Date.UTC(2026, 7, 1, 9));
  const log = createLog({ component: "telad", write: (line) => lines.push(line), clock });
  log("started");
  log.for("telad:barn")("registered");
  log("[session 1a2b] up");
  assert.deepEqual(lines, [
    "2026-08-01T09:00:00Z [telad] started",
    "2026-08-01T09:00:00Z [telad:barn] registered",
    "2026-08-01T09:00:00Z [session 1a2b] up",
  ]);
});

Deno.test("createLog() lets no text forge a line or drive a terminal", () => {
  const lines: string[] = [];
  const log = createLog({
    component: "hub",
    write: (line) => lines.push(line),
    clock: new ManualClock(0),
  });
  log("a\n2026-01-01T00:00:00Z [hub] forged\x1b[2J\r\n");
  assert.deepEqual(lines, ["1970-01-01T00:00:00Z [hub] a 2026-01-01T00:00:00Z [hub] forged [2J"]);
});

Deno.test("createLog() cuts what a peer could fill the memory with", () => {
  const lines: string[] = [];
  const clock = new ManualClock(0);
  const log = createLog({ component: "hub", write: (line) => lines.push(line), clock });
  log("x".repeat(1999) + "😀" + "y".repeat(4_000_000));
  assert.equal(lines[0], `1970-01-01T00:00:00Z [hub] ${"x".repeat(1999)}\ufffd…`);
});

Deno.test("LogRing.tail() gives the newest lines, oldest first, at most the capacity", () => {
  const ring = new LogRing(3);
  for (let i = 0; i < 10; i++) ring.push(`l${i}`);
  assert.deepEqual(ring.tail(2), ["l8", "l9"]);
  assert.deepEqual(ring.tail(100), ["l7", "l8", "l9"]);
  assert.deepEqual(ring.tail(0), []);
});
