import assert from "node:assert/strict";
import { History } from "./history.ts";

Deno.test("History keeps the last 100 events, newest first (hub 9)", () => {
  const history = new History();
  for (let wallMs = 0; wallMs < 250; wallMs++) {
    history.add({ machine: "barn", event: "client-connect", wallMs, detail: "" });
  }
  const times = history.newestFirst().map(({ wallMs }) => wallMs);
  assert.deepEqual([times.length, times[0], times.at(-1)], [100, 249, 150]);
});
