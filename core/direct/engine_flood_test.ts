import assert from "node:assert/strict";
import { Bench } from "./_engine_bench.ts";

Deno.test("DirectEngine answers news that never end with 20 announcements, then one a second", () => {
  const bench = Bench.started("reference");
  bench.answerStun();
  const before = bench.announced.length;
  for (let i = 0; i < 1_000; i++) {
    bench.engine.peerEndpoint(`203.0.113.9:${2_000 + i}`, bench.nowMs);
  }
  assert.ok(bench.announced.length - before <= 20, `${bench.announced.length}`);
  const burst = bench.announced.length;
  for (let i = 0; i < 100; i++) bench.engine.peerEndpoint(`203.0.113.9:${4_000 + i}`, 10_000);
  assert.equal(bench.announced.length - burst, 10);
});

Deno.test("DirectEngine sends a named victim 200 packets at once and 5 a second, whatever is named", () => {
  const bench = Bench.started("ours");
  let nowMs = 0;
  for (let i = 0; i < 10_000; i++) {
    bench.engine.peerCandidates([`203.0.113.9:${1_024 + i}`, `203.0.113.9:${1_025 + i}`], nowMs);
    nowMs += 10;
    bench.engine.tick(nowMs);
  }
  assert.ok(bench.probes.length <= 200 + 5 * nowMs / 1000, `${bench.probes.length} probes`);
});

Deno.test("DirectEngine takes any text for an address and no garbage for one", () => {
  const bench = Bench.started("ours");
  const garbage = [
    ...["", ":", "::", "[::", "1.2.3.4", "1.2.3.4:", "1.2.3.4:0", "1.2.3.4:65536", "1.2.3.4:-1"],
    ...["a.example:4000", "0x1.2.3.4:4000", "1.2.3.4:4e3", " 1.2.3.4:4000", "[1.2.3.4]:4000"],
    ...[
      "224.0.0.1:4000",
      "255.255.255.255:4000",
      "0.0.0.0:4000",
      "127.0.0.1:4000",
      "x".repeat(1e6),
    ],
  ];
  for (const [i, text] of garbage.entries()) {
    const nowMs = 2_000 * i;
    bench.engine.peerEndpoint(text, nowMs);
    bench.engine.peerCandidates([text, text], nowMs);
    bench.engine.tick(nowMs);
  }
  assert.deepEqual(bench.probes, []);
  assert.ok(Object.values(bench.engine.refusals).reduce((a, b) => a + b) >= garbage.length);
});
