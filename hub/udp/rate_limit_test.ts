import assert from "node:assert/strict";
import { RateLimit, SourceLimits } from "./rate_limit.ts";

Deno.test("RateLimit.take() gives a burst, then the rate, and saves up no more than the burst", () => {
  const limit = new RateLimit({ burst: 3, perSecond: 2 });
  const takeAt = (nowMs: number) => limit.take(nowMs);
  assert.deepEqual([0, 0, 0, 0].map(takeAt), [true, true, true, false]);
  assert.deepEqual([499, 500, 501].map(takeAt), [false, true, false]);
  assert.deepEqual([60_000, 60_000, 60_000, 60_000].map(takeAt), [true, true, true, false]);
});

Deno.test("SourceLimits.take() limits each source by itself and all together", () => {
  const rates = { perSource: { burst: 2, perSecond: 1 }, total: { burst: 3, perSecond: 1 } };
  const limits = new SourceLimits(rates);
  const taken = ["a", "a", "a", "b", "c"].map((source) => limits.take(source, 0));
  assert.deepEqual(taken, [true, true, false, true, false], "c meets the total");
});

Deno.test("SourceLimits remembers 4,096 sources at most, the latest", () => {
  const rate = { burst: 1, perSecond: 0 };
  const limits = new SourceLimits({ perSource: rate, total: { burst: 10_000, perSecond: 0 } });
  assert.ok(limits.take("regular", 0));
  for (let i = 0; i < 6000; i++) {
    limits.take(`forged ${i}`, 0);
    if (i % 1000 === 0) assert.equal(limits.take("regular", 0), false, "not forgotten");
  }
  assert.equal(limits.size, 4096);
});
