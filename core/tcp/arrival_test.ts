import assert from "node:assert/strict";
import { Rig } from "./_rig.ts";

Deno.test("a crossed SYN-ACK repeats the number of the SYN, and its window is not scaled", () => {
  const rig = new Rig({ peerShift: 7 });
  rig.open();
  rig.expect("S 0");
  rig.send("S 0");
  rig.expect("SA 0 1");
  rig.send("SA 1 1");
  rig.expectState("syn-received");
  rig.taken();
  rig.send("SA 0 1 w1500");
  rig.expectState("established");
  rig.write(5000);
  rig.expect("A 1+1000 1");
  rig.silence();
});

Deno.test("SYN-RECEIVED sends no SYN-ACK again once that is acknowledged, though the SYN was repeated", () => {
  const rig = new Rig({ sack: true });
  rig.accept();
  rig.expect("SA 0 1");
  rig.nowMs = 1_000;
  // The peer's timer ran out while our answer was on its way; a slow machine reads both at once.
  rig.sendBatch("S 0", "A 1 1");
  rig.silence();
  rig.write(100);
  rig.expect("A 1+100 1");
  rig.connection.setMtu(100);
  rig.send("A 1 101");
  rig.silence();
});

Deno.test("a batch of segments out of order has 64 acknowledgements at most", () => {
  const rig = Rig.established({ sack: true });
  rig.sendBatch(...Array.from({ length: 100 }, (_, i) => `A ${1001 + 10 * i}+10 1`));
  assert.deepEqual(rig.taken(), Array(64).fill("A 1 1"));
});
