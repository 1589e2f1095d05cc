import assert from "node:assert/strict";
import { Rig, type RigOptions } from "./_rig.ts";

/** A connection with SACK over a path of 100 ms, established at 100 ms. */
function established(options: RigOptions = {}): Rig {
  const rig = new Rig({ sack: true, ...options });
  rig.accept();
  rig.expect("SA 0 1");
  rig.nowMs = 100;
  rig.send("A 1 1");
  return rig;
}

/** The same with ten segments of 1,000 bytes in flight, and 30 more waiting. */
function inFlight(options: RigOptions = {}): Rig {
  const rig = established(options);
  rig.write(40_000);
  assert.equal(rig.taken().length, 10);
  rig.nowMs = 200;
  return rig;
}

/** The three SACKs that make the first segment lost. */
function loseFirst(rig: Rig): string[] {
  rig.sendSack("A 1 1", [1001, 2001]);
  rig.sendSack("A 1 1", [1001, 3001]);
  const before = rig.taken();
  rig.sendSack("A 1 1", [1001, 4001]);
  return before;
}

Deno.test("RFC 6675: three segments that arrived beyond a hole have the hole sent again, nothing else", () => {
  const rig = inFlight({ tcp: { congestion: "new-reno" } });
  assert.deepEqual(loseFirst(rig), ["A 10001+1000 1", "A 11001+1000 1"], "limited transmit");
  rig.expect("A 1+1000 1");
  rig.silence();
  rig.send("A 1 4001");
  assert.ok(
    rig.taken().every((text) => text.startsWith("A 12001+") || text.startsWith("A 13001+")),
  );
});

Deno.test("RFC 6675: each of several holes is sent again once", () => {
  const rig = inFlight();
  rig.sendSack("A 1 1", [9001, 10001], [5001, 6001], [3001, 4001], [1001, 2001]);
  const again = rig.taken().filter((text) => !/ 1\d{4}\+/.test(text));
  assert.deepEqual(again, [
    "A 1+1000 1",
    "A 2001+1000 1",
    "A 4001+1000 1",
    "A 6001+1000 1",
  ], "as many as have arrived");
  rig.sendSack("A 1 1", [9001, 10001], [5001, 6001], [3001, 4001], [1001, 2001]);
  rig.silence();
  rig.send("A 1 2001", "A 1 4001");
  assert.deepEqual(rig.taken().slice(0, 2), ["A 7001+1000 1", "A 8001+1000 1"]);
});

Deno.test("RFC 8985: one segment out of order is a loss only after a quarter of the round trip", () => {
  const rig = inFlight();
  rig.sendSack("A 1 1", [1001, 2001]);
  rig.taken();
  rig.to(224);
  rig.silence();
  rig.to(225);
  rig.expect("A 1+1000 1");
});

Deno.test("RFC 8985: once reordering was seen, three segments out of order have to wait as well", () => {
  const rig = inFlight();
  rig.sendSack("A 1 1", [1001, 2001]);
  rig.send("A 1 2001");
  rig.taken();
  rig.sendSack("A 1 2001", [3001, 8001]);
  assert.equal(rig.taken().filter((text) => text === "A 2001+1000 1").length, 0);
  rig.to(225);
  assert.equal(rig.taken().filter((text) => text === "A 2001+1000 1").length, 1);
});

Deno.test("RFC 8985: what is lost a second time is found without a timeout", () => {
  const rig = inFlight();
  loseFirst(rig);
  assert.equal(rig.taken()[0], "A 1+1000 1");
  rig.nowMs = 300;
  rig.sendSack("A 1 1", [1001, 12001]);
  assert.equal(rig.taken()[0], "A 1+1000 1");
});

Deno.test("RFC 8985 §7: a lost tail is probed after two round trips and then repaired", () => {
  const rig = established();
  rig.write(3000);
  assert.equal(rig.taken().length, 3);
  rig.to(200);
  rig.send("A 1 1001");
  rig.to(399);
  rig.silence();
  rig.to(400);
  rig.expect("A 2001+1000 1");
  rig.to(500);
  rig.sendSack("A 1 1001", [2001, 3001]);
  rig.expect("A 1001+1000 1");
  rig.silence();
});

Deno.test("RFC 8985 §7: a probe carries new data if there is any, and is followed by the timeout", () => {
  const rig = inFlight();
  rig.to(299);
  rig.silence();
  rig.to(300);
  rig.expect("A 10001+1000 1");
  rig.to(599);
  rig.silence();
  rig.to(600);
  rig.expect("A 1+1000 1");
});

Deno.test("RFC 8985 §7: a single segment is probed only after the peer's delayed acknowledgement", () => {
  const rig = established();
  rig.write(10);
  rig.expect("A 1+10 1");
  rig.to(349);
  rig.silence();
  rig.to(350);
  rig.expect("A 1+10 1");
});

Deno.test("RFC 8985 §7.4: a loss that only the probe repaired counts for congestion, a spare probe does not", () => {
  const sent = [false, true].map((spare) => {
    const rig = established({ tcp: { congestion: "new-reno" } });
    rig.write(10_000);
    assert.equal(rig.taken().length, 10);
    rig.nowMs = 200;
    rig.send("A 1 9001");
    rig.to(450);
    rig.expect("A 9001+1000 1");
    rig.write(1000);
    rig.expect("A 10001+1000 1");
    rig.nowMs = 550;
    if (spare) rig.sendSack("A 1 11001", [9001, 10_001]);
    else rig.send("A 1 11001");
    rig.write(50_000);
    return rig.taken().length;
  });
  assert.deepEqual(sent, [2, 10]);
});

Deno.test("RFC 2883, 4015: a reduction that all turn out to be duplicates of is undone", () => {
  const undone = [false, true].map((twice) => {
    const rig = inFlight({ tcp: { congestion: "new-reno" } });
    loseFirst(rig);
    assert.ok(rig.taken().includes("A 1+1000 1"));
    rig.nowMs = 210;
    rig.send("A 1 12001");
    rig.taken();
    if (twice) rig.sendSack("A 1 12001", [1, 1001]);
    return rig.taken().length;
  });
  assert.equal(undone[0], 0);
  assert.ok(undone[1]! >= 4, undone.join());
});

Deno.test("RFC 8985 §6.2: a segment that arrived twice widens the reordering window", () => {
  const rig = inFlight({ tcp: { congestion: "new-reno" } });
  rig.sendSack("A 1 1", [1001, 2001]);
  rig.to(225);
  assert.ok(rig.taken().includes("A 1+1000 1"));
  rig.send("A 1 2001");
  rig.sendSack("A 1 2001", [1, 1001]);
  rig.taken();
  rig.nowMs = 230;
  rig.sendSack("A 1 2001", [3001, 4001]);
  rig.taken();
  // Sent at 100, lost after a round trip of 130 ms and twice a quarter of 100 ms.
  rig.to(279);
  assert.equal(rig.taken().filter((text) => text === "A 2001+1000 1").length, 0);
  rig.to(280);
  assert.equal(rig.taken().filter((text) => text === "A 2001+1000 1").length, 1);
});

Deno.test("RFC 2018 §8: a peer that takes its word back after a timeout gets everything again", () => {
  const rig = established();
  rig.write(3000);
  rig.taken();
  rig.nowMs = 200;
  rig.sendSack("A 1 1", [1001, 2001]);
  rig.send("A 1 1001");
  rig.taken();
  for (let ms = 1000; ms < 20_000 && rig.connection.unacknowledgedBytes > 0; ms += 1000) {
    rig.to(ms);
    for (const text of rig.taken()) if (text === "A 1001+1000 1") rig.send("A 1 3001");
  }
  assert.equal(rig.connection.unacknowledgedBytes, 0);
});

Deno.test("SACK blocks that lie outside what was sent change nothing", () => {
  const rig = inFlight();
  rig.sendSack("A 1 1", [-5000, -4000], [9001, 90_001], [5001, 4001]);
  rig.sendSack("A 1 1", [10_001, 20_001], [3001, 3001]);
  rig.sendSack("A 1 1", [10_001, 20_001]);
  assert.equal(rig.taken().length, 0);
});

Deno.test("RFC 2883: what arrives twice is reported once, first", () => {
  const rig = Rig.established({ sack: true });
  rig.send("A 1+1000 1", "A 1+1000 1");
  rig.expect("A 1 1001");
  assert.deepEqual(rig.lastSack, [[1, 1001]]);
  rig.send("A 3001+1000 1");
  assert.deepEqual(rig.lastSack, [[3001, 4001]]);
  rig.send("A 3001+1000 1");
  assert.deepEqual(rig.lastSack, [[3001, 4001], [3001, 4001]]);
  rig.send("A 501+600 1");
  assert.deepEqual(rig.lastSack, [[501, 1001], [3001, 4001]]);
});

Deno.test("a carrier that stays paused longer than the timeout shrinks neither the window nor the pace", () => {
  const rig = established();
  rig.write(1000);
  rig.to(5);
  rig.send("A 1 1001");
  rig.write(40_000);
  assert.equal(rig.taken().length, 11);
  rig.sink.blocked = true;
  rig.to(20_000);
  rig.silence();
  rig.sink.blocked = false;
  rig.flush();
  rig.send("A 1 11001");
  assert.equal(rig.taken().length, 20);
});

Deno.test("a carrier that stays paused for ever ends the connection after the user timeout", () => {
  const rig = inFlight({ tcp: { userTimeoutMs: 5000 } });
  rig.sink.blocked = true;
  rig.to(20_000);
  rig.expectState("closed", "timed-out");
});

Deno.test("setMtu() splits what is to be sent again, and leaves what has arrived", () => {
  const rig = inFlight();
  rig.connection.setMtu(540);
  rig.sendSack("A 1 1", [2001, 10001]);
  const again = rig.taken().filter((text) => / [12]?\d{1,3}\+| 1\d{3}\+/.test(text));
  assert.deepEqual(again.slice(0, 4), [
    "A 1+500 1",
    "A 501+500 1",
    "A 1001+500 1",
    "A 1501+500 1",
  ]);
});

Deno.test("RFC 6298 (Karn): what is acknowledged together with something sent again is not measured", () => {
  const rig = established();
  rig.write(2000);
  rig.to(5000);
  rig.taken();
  const before = rig.connection.srttMs;
  rig.send("A 1 2001");
  assert.equal(rig.connection.srttMs, before);
});

Deno.test("a probe that was due while the carrier was paused is not sent for what has arrived meanwhile", () => {
  const rig = established();
  rig.write(1000);
  rig.taken();
  rig.sink.blocked = true;
  rig.connection.pathChanged(rig.nowMs);
  rig.flush();
  rig.send("A 1 1001");
  rig.sink.blocked = false;
  rig.flush();
  rig.silence();
});

Deno.test("a probe that a changed path asked for is not sent once everything has arrived", () => {
  for (const blocked of [false, true]) {
    const rig = established();
    rig.write(3000);
    rig.taken();
    rig.connection.pathChanged(rig.nowMs);
    rig.sink.blocked = blocked;
    rig.send("A 1 3001");
    rig.sink.blocked = false;
    rig.write(1000);
    rig.expect("A 3001+1000 1");
    rig.silence();
  }
});

Deno.test("RFC 6298: round trips that grow while a loss is repaired make the timeout longer in time", () => {
  const rig = inFlight();
  loseFirst(rig);
  rig.taken();
  for (let i = 0; i < 6; i++) {
    rig.nowMs = 250 + 100 * i;
    rig.sendSack("A 1 1", [1001, 5001 + 1000 * i]);
  }
  const again = rig.taken().filter((text) => text === "A 1+1000 1");
  rig.to(rig.nowMs + 190);
  assert.ok(rig.connection.srttMs > 150, `${rig.connection.srttMs}`);
  assert.ok(again.length <= 2, again.join());
});

Deno.test("RFC 2883 §4: a segment that arrived twice beyond a hole is understood, too", () => {
  const rig = inFlight({ tcp: { congestion: "new-reno" } });
  rig.sendSack("A 1 1", [1001, 2001]);
  rig.sendSack("A 1 1", [1001, 2001], [1001, 2001]);
  rig.taken();
  // The reordering window is twice a quarter of the round trip.
  rig.to(249);
  assert.ok(!rig.taken().includes("A 1+1000 1"));
  rig.to(250);
  assert.ok(rig.taken().includes("A 1+1000 1"));
});

Deno.test("RFC 8985 §7: probes of a short path wait for 10 ms", () => {
  const rig = new Rig({ sack: true });
  rig.accept();
  rig.expect("SA 0 1");
  rig.nowMs = 1;
  rig.send("A 1 1");
  rig.write(3000);
  assert.equal(rig.taken().length, 3);
  rig.to(10);
  rig.silence();
  rig.to(11);
  rig.expect("A 2001+1000 1");
});
