import assert from "node:assert/strict";
import { LoadMeter, RateLimiter, SourceLimiter } from "./load.ts";
import { LOAD_HOLD_MS, LOAD_MESSAGES_PER_SECOND, MAX_SOURCES, SOURCE_BURST } from "./tuning.ts";

Deno.test("LoadMeter.note() is true from over the limit until a second after the last", () => {
  const meter = new LoadMeter();
  for (let i = 0; i < LOAD_MESSAGES_PER_SECOND; i++) assert.equal(meter.note(i), false);
  assert.equal(meter.note(500), true);
  assert.equal(meter.note(500 + LOAD_HOLD_MS + 1), false);
});

Deno.test("LoadMeter.note() stays false at a rate below the limit", () => {
  const meter = new LoadMeter();
  const everyMs = 1_000 / LOAD_MESSAGES_PER_SECOND + 1;
  for (let i = 0; i < 200; i++) assert.equal(meter.note(i * everyMs), false);
});

Deno.test("RateLimiter.allow() allows the burst at once and the rate ever after", () => {
  const limiter = new RateLimiter({ perSecond: 10, burst: 3 });
  const allowed = (nowMs: number) => Array.from({ length: 5 }, () => limiter.allow(nowMs));
  assert.deepEqual(allowed(0), [true, true, true, false, false]);
  assert.deepEqual(allowed(100), [true, false, false, false, false]);
  assert.deepEqual(allowed(10_000), [true, true, true, false, false]);
});

Deno.test("SourceLimiter.allow() counts each source for itself", () => {
  const limiter = new SourceLimiter();
  const [a, b] = [Uint8Array.of(1), Uint8Array.of(2)];
  for (let i = 0; i < SOURCE_BURST; i++) assert.ok(limiter.allow(a, 0));
  assert.equal(limiter.allow(a, 0), false);
  assert.ok(limiter.allow(b, 0));
  assert.ok(limiter.allow(a, 51));
});

Deno.test("SourceLimiter remembers a bounded number of sources and refuses new ones beyond", () => {
  const limiter = new SourceLimiter();
  const source = (i: number) => Uint8Array.of(i, i >>> 8);
  for (let i = 0; i < MAX_SOURCES; i++) assert.ok(limiter.allow(source(i), 0));
  assert.equal(limiter.allow(source(MAX_SOURCES), 0), false);
  assert.equal(limiter.size, MAX_SOURCES);
  assert.ok(limiter.allow(source(3), 0), "a known one is served");
  assert.ok(limiter.allow(source(MAX_SOURCES), 60), "idle ones make room");
  assert.equal(limiter.size, 2, "all but the one served twice were idle");
});
