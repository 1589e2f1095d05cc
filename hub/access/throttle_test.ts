import assert from "node:assert/strict";
import { ManualClock } from "../../core/clock/mod.ts";
import { sourceOf, Throttle } from "./throttle.ts";

function setUp() {
  const clock = new ManualClock();
  const perSource = { burst: 3, refillMs: 1000, lockMs: 60_000 };
  const total = { burst: 10, refillMs: 100, lockMs: 5000 };
  return { clock, throttle: new Throttle({ clock, perSource, total }) };
}

Deno.test("Throttle locks a source after its burst, for its time, and no other", () => {
  const { clock, throttle } = setUp();
  assert.deepEqual([1, 2, 3].map(() => throttle.fail("a")), [false, false, true]);
  assert.equal(throttle.waitMs("a"), 60_000);
  assert.equal(throttle.waitMs("b"), 0);
  clock.advance(59_999);
  assert.equal(throttle.waitMs("a"), 1);
  assert.equal(throttle.refused, 2);
  clock.advance(1);
  assert.equal(throttle.waitMs("a"), 0);
});

Deno.test("Throttle forgives failures with time", () => {
  const { clock, throttle } = setUp();
  for (let i = 0; i < 20; i++) {
    assert.equal(throttle.fail("a"), false, `failure ${i}`);
    clock.advance(1000);
  }
});

Deno.test("Throttle without a rate for all locks nobody for what others do", () => {
  const { clock } = setUp();
  const throttle = new Throttle({ clock, perSource: { burst: 3, refillMs: 1000, lockMs: 1 } });
  for (let i = 0; i < 1000; i++) assert.equal(throttle.fail(`source ${i}`), false);
  assert.equal(throttle.waitMs("somebody else"), 0);
});

Deno.test("Throttle locks all when many sources fail together", () => {
  const { clock, throttle } = setUp();
  for (let i = 0; i < 9; i++) assert.equal(throttle.fail(`source ${i}`), false);
  assert.equal(throttle.fail("source 9"), true);
  assert.equal(throttle.waitMs("somebody else"), 5000);
  clock.advance(5000);
  assert.equal(throttle.waitMs("somebody else"), 0);
});

Deno.test("Throttle remembers a bounded number of sources, those that failed last", () => {
  const { throttle } = setUp();
  for (let i = 0; i < 3; i++) throttle.fail("locked");
  for (let i = 0; i < 5000; i++) throttle.fail(`${i}`);
  assert.equal(throttle.sources, 4096);
});

const SOURCES: [address: string, source: string][] = [
  ["192.0.2.7:4711", "192.0.2.7"],
  ["192.0.2.7", "192.0.2.7"],
  ["::ffff:192.0.2.7", "192.0.2.7"],
  ["[2001:db8::1]:4711", "2001:db8:0:0::/64"],
  ["2001:db8::1", "2001:db8:0:0::/64"],
  ["2001:DB8:0:0:9:9:9:9", "2001:db8:0:0::/64"],
  ["2001:db8:1:0002:a:b:c:d", "2001:db8:1:2::/64"],
  ["2001:db8:1:2::", "2001:db8:1:2::/64"],
  ["::1", "0:0:0:0::/64"],
  ["1::2:3:4:5:6", "1:0:0:2::/64"],
  ["", ""],
];

for (const [address, source] of SOURCES) {
  Deno.test(`sourceOf() "${address}" is "${source}"`, () => {
    assert.equal(sourceOf(address), source);
  });
}

Deno.test("Throttle does not let one IPv6 network use up what all may fail together", () => {
  const { throttle } = setUp();
  let looked = 0;
  for (let i = 0; i < 100; i++) {
    const source = sourceOf(`[2001:db8::${i}]:1`);
    if (throttle.waitMs(source) > 0) continue;
    looked++;
    throttle.fail(source);
  }
  assert.equal(looked, 3);
  assert.equal(throttle.waitMs("192.0.2.7"), 0);
});
