import assert from "node:assert/strict";
import { ProportionalRate } from "./prr.ts";

Deno.test("RFC 6937 §3: what is sent in recovery is the share of what arrives", () => {
  const prr = new ProportionalRate();
  prr.begin(20_000);
  let sent = 0;
  let pipeBytes = 19_000;
  while (pipeBytes > 14_000) {
    pipeBytes -= 1000;
    const ack = { deliveredBytes: 1000, pipeBytes, ssthreshBytes: 14_000, mssBytes: 1000 };
    prr.acked({ ...ack, progress: false });
    while (prr.roomBytes >= 1000) {
      prr.sent(1000);
      pipeBytes += 1000;
      sent += 1000;
    }
  }
  assert.deepEqual([pipeBytes, sent], [14_000, 7000]);
});

Deno.test("RFC 9937 §6: below the threshold a segment more goes only with progress", () => {
  for (const [progress, room] of [[true, 3000], [false, 2000]] as const) {
    const prr = new ProportionalRate();
    prr.begin(20_000);
    const ack = { deliveredBytes: 2000, pipeBytes: 3000, ssthreshBytes: 14_000, mssBytes: 1000 };
    prr.acked({ ...ack, progress });
    assert.equal(prr.roomBytes, room);
  }
});
