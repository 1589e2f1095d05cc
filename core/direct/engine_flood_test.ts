import assert from "node:assert/strict";
import { EngineRig } from "./_engine_rig.ts";

Deno.test("DirectEngine answers news that never end with 20 announcements, then one a second", () => {
  const rig = EngineRig.started("reference");
  rig.answerStun();
  const before = rig.announced.length;
  for (let i = 0; i < 1_000; i++) {
    rig.engine.peerEndpoint(`203.0.113.9:${2_000 + i}`, rig.nowMs);
  }
  assert.ok(rig.announced.length - before <= 20, `${rig.announced.length}`);
  const burst = rig.announced.length;
  for (let i = 0; i < 100; i++) rig.engine.peerEndpoint(`203.0.113.9:${4_000 + i}`, 10_000);
  assert.equal(rig.announced.length - burst, 10);
});

Deno.test("DirectEngine sends a named victim 200 packets at once and 5 a second, whatever is named", () => {
  const rig = EngineRig.started("ours");
  let nowMs = 0;
  for (let i = 0; i < 10_000; i++) {
    rig.engine.peerCandidates([`203.0.113.9:${1_024 + i}`, `203.0.113.9:${1_025 + i}`], nowMs);
    nowMs += 10;
    rig.engine.tick(nowMs);
  }
  assert.ok(rig.probes.length <= 200 + 5 * nowMs / 1000, `${rig.probes.length} probes`);
});

Deno.test("DirectEngine takes any text for an address and no garbage for one", () => {
  const rig = EngineRig.started("ours");
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
    rig.engine.peerEndpoint(text, nowMs);
    rig.engine.peerCandidates([text, text], nowMs);
    rig.engine.tick(nowMs);
  }
  assert.deepEqual(rig.probes, []);
  assert.ok(Object.values(rig.engine.refusals).reduce((a, b) => a + b) >= garbage.length);
});
