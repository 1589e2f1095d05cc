import assert from "node:assert/strict";
import { PathTimes } from "./path_times.ts";

Deno.test("PathTimes has the least of 150 to 300 s, and nothing of a path that is no more", () => {
  const path = new PathTimes();
  assert.equal(path.leastMs, Infinity);
  path.sample(20, 0);
  path.sample(50, 1000);
  assert.equal(path.leastMs, 20);
  path.sample(60, 150_000);
  assert.equal(path.leastMs, 20);
  path.sample(70, 300_000);
  assert.equal(path.leastMs, 60);
  path.reset(300_100);
  assert.equal(path.leastMs, Infinity);
  path.sample(40, 300_139);
  assert.equal(path.leastMs, Infinity);
  path.sample(80, 300_180);
  assert.equal(path.leastMs, 80);
});
