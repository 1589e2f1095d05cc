import assert from "node:assert/strict";
import { Doubt } from "./doubt.ts";

Deno.test("Doubt probes five times and leaves after 2 s or 4 round trips", () => {
  for (const [rttMs, limitMs] of [[10, 2_000], [900, 3_600]] as const) {
    const doubt = new Doubt(100, rttMs);
    const seen: [number, string][] = [];
    for (let now = 100;; now = doubt.nextDeadlineMs()) {
      const action = doubt.poll(now);
      assert.ok(action !== undefined);
      seen.push([now - 100, action]);
      if (action === "leave") break;
      assert.equal(doubt.poll(now), undefined, "once");
    }
    const probes = [0, 250, 500, 1_000, 1_500].map((ms): [number, string] => [ms, "probe"]);
    assert.deepEqual(seen, [...probes, [limitMs, "leave"]]);
  }
});
