import assert from "node:assert/strict";
import { Rig, type RigOptions } from "./_rig.ts";
import { TCP_HEADER_BYTES } from "./segment.ts";

/** A connection with timestamps over a path of 100 ms, established at 100 ms. */
function established(options: RigOptions = {}): Rig {
  const rig = new Rig({ sack: true, timestamps: true, tcp: { timestamps: true }, ...options });
  rig.accept();
  rig.expect("SA 0 1");
  rig.nowMs = 100;
  rig.send("A 1 1 t10:0");
  return rig;
}

Deno.test("RFC 7323 §3.2: timestamps are on only if both SYNs have them", () => {
  const on = established();
  on.write(10);
  assert.deepEqual(on.lastStamp, [100, 10]);
  for (const [timestamps, own] of [[true, false], [false, true], [false, false]] as const) {
    const off = new Rig({ timestamps, tcp: { timestamps: own } });
    off.accept();
    off.send("A 1 1");
    off.write(10);
    assert.equal(off.lastStamp, undefined);
  }
  const opening = new Rig({ timestamps: true, tcp: { timestamps: true } });
  opening.open();
  assert.deepEqual(opening.lastStamp, [0, 0]);
  opening.send("SA 0 1 t7:0");
  assert.deepEqual(opening.lastStamp, [0, 7]);
});

Deno.test("RFC 7323 §3.2: the option takes 12 bytes of each segment", () => {
  const rig = established();
  rig.taken();
  rig.write(2000);
  rig.expect("A 1+988 1", "A 989+988 1", "A 1977+24 1");
  assert.equal(TCP_HEADER_BYTES, 20);
});

Deno.test("RFC 7323 §4.3: what is echoed is the last segment that carried the stream on", () => {
  const rig = established();
  rig.send("A 1001+1000 1 t30:100");
  assert.deepEqual(rig.lastStamp, [100, 10], "not that of one out of order");
  rig.send("A 1+1000 1 t20:100");
  assert.deepEqual(rig.lastStamp, [100, 20]);
});

Deno.test("RFC 7323 §5 (PAWS): an old segment is answered and not taken", () => {
  const rig = established();
  rig.send("A 1+10 1 t50:100", "A 11+10 1 t60:100");
  rig.to(140);
  rig.expect("A 1 21");
  rig.send("A 21+10 1 t40:100");
  rig.expect("A 1 21");
  assert.equal(rig.connection.readableBytes, 20);
  rig.send("A 21+10 1 t60:100");
  assert.equal(rig.connection.readableBytes, 30);
});

Deno.test("RFC 7323 §5.5: after 24 days without a segment any timestamp is taken", () => {
  const rig = established();
  rig.send("A 1+10 1 t50:100");
  rig.nowMs += 25 * 24 * 3600 * 1000;
  rig.send("A 11+10 1 t40:100");
  assert.equal(rig.connection.readableBytes, 20);
});

Deno.test("RFC 7323 §3.2: a segment without the option is not taken, a reset is", () => {
  const rig = established();
  rig.send("A 1+10 1");
  rig.silence();
  assert.equal(rig.connection.readableBytes, 0);
  rig.send("R 1");
  rig.expectState("closed", "reset");
});

Deno.test("RFC 7323 (appendix A): three SACK blocks fit beside timestamps", () => {
  const rig = established();
  rig.send(...[2001, 4001, 6001, 8001].map((seq) => `A ${seq}+1000 1 t20:100`));
  assert.deepEqual(rig.lastSack, [[8001, 9001], [6001, 7001], [4001, 5001]]);
});

Deno.test("RFC 3522 (Eifel): a timeout whose answer was under way already is undone", () => {
  const sent = [99, 700].map((echo) => {
    const rig = established();
    rig.write(40_000);
    assert.equal(rig.taken().length, 10);
    rig.to(300);
    rig.to(700);
    rig.taken();
    rig.nowMs = 710;
    rig.send(`A 1 989 t700:${echo === 99 ? 100 : 705}`);
    return rig.taken();
  });
  assert.ok(sent[0]!.every((text) => Number(/ (\d+)\+/.exec(text)![1]) > 9880), sent[0]!.join());
  assert.ok(sent[1]!.some((text) => text.startsWith("A 989+")), sent[1]!.join());
});

Deno.test("RFC 6191: a SYN with a later timestamp replaces a connection in TIME-WAIT, an earlier one does not", () => {
  const rig = established();
  rig.connection.closeWrite();
  rig.flush();
  rig.send("FA 1 2 t50:100");
  rig.expectState("time-wait");
  const syn = (seq: number, tsVal: number) =>
    rig.connection.replaceableBy(rig.segment(`S ${seq} t${tsVal}:0`));
  assert.deepEqual([syn(-5000, 51), syn(5000, 49), syn(5000, 50), syn(-5000, 50)], [
    true,
    false,
    true,
    false,
  ]);
});
