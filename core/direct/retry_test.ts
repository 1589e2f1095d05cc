import assert from "node:assert/strict";
import { Retry } from "./retry.ts";

Deno.test("Retry waits twice as long each time, up to 10 min, with jitter", () => {
  const waits = (fill: number) => {
    const retry = new Retry((out) => void out.fill(fill));
    return Array.from({ length: 8 }, () => {
      retry.failed(1000);
      return Math.round((retry.atMs - 1000) / 1000);
    });
  };
  assert.deepEqual(waits(0x00), [12, 24, 48, 96, 192, 384, 480, 480]);
  assert.deepEqual(waits(0xff), [18, 36, 72, 144, 288, 576, 720, 720]);
});

Deno.test("Retry begins anew at once when a good path is lost", () => {
  const retry = new Retry((out) => void out.fill(0x80));
  retry.lost(1000);
  assert.equal(retry.atMs, 1000);
  retry.begin();
  assert.equal(retry.atMs, Infinity);
  retry.lost(2000);
  assert.ok(retry.atMs > 20_000, "a path that does not last is not chased");
  retry.forget();
  retry.lost(3000);
  assert.equal(retry.atMs, 3000);
});
