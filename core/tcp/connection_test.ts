import assert from "node:assert/strict";
import { Rig } from "./_rig.ts";

Deno.test("open() sends a SYN with MSS, window scale and SACK, and is established by SYN-ACK", () => {
  const rig = new Rig();
  rig.open();
  rig.expect("S 0");
  assert.deepEqual(rig.lastSyn, { mss: 1000, windowScale: 10, sackPermitted: true });
  assert.equal(rig.lastWindow, 65535);
  rig.nowMs = 20;
  rig.send("SA 0 1");
  rig.expect("A 1 1");
  rig.expectState("established");
  assert.equal(rig.connection.srttMs, 20);
});

Deno.test("open() repeats the SYN at 1, 3 and 7 s and gives up at the connect timeout", () => {
  const rig = new Rig({ tcp: { connectTimeoutMs: 10_000 } });
  rig.open();
  rig.to(999);
  rig.expect("S 0");
  rig.silence();
  rig.to(1000);
  rig.expect("S 0");
  rig.to(3000);
  rig.expect("S 0");
  rig.to(9999);
  rig.expect("S 0");
  rig.silence();
  rig.to(10_000);
  rig.silence();
  rig.expectState("closed", "timed-out");
  assert.equal(rig.connection.nextDeadlineMs(), Infinity);
});

Deno.test("SYN-SENT answers a wrong ACK with a reset and stays", () => {
  const rig = new Rig();
  rig.open();
  rig.expect("S 0");
  rig.send("A 0 99");
  rig.expect("R 99");
  rig.send("SA 0 0");
  rig.expect("R 0");
  rig.send("RA 0 99", "R 0");
  rig.silence();
  rig.expectState("syn-sent");
});

Deno.test("SYN-SENT is refused by a reset that acknowledges the SYN", () => {
  const rig = new Rig();
  rig.open();
  rig.expect("S 0");
  rig.send("RA 0 1");
  rig.silence();
  rig.expectState("closed", "refused");
});

Deno.test("SYN-SENT takes data and FIN of a SYN-ACK", () => {
  const rig = new Rig();
  rig.open();
  rig.expect("S 0");
  rig.send("SFA 0+100 1");
  rig.expect("A 1 102");
  rig.expectState("close-wait");
  assert.equal(rig.read(200), 100);
});

Deno.test("simultaneous open is established on both ways of crossing", () => {
  for (const last of ["SA 0 1", "A 1 1"]) {
    const rig = new Rig();
    rig.open();
    rig.expect("S 0");
    rig.send("S 0");
    rig.expect("SA 0 1");
    rig.expectState("syn-received");
    rig.send(last);
    rig.expectState("established");
    rig.write(10);
    rig.expect("A 1+10 1");
  }
});

Deno.test("SYN-RECEIVED repeats its SYN-ACK on time and when the SYN is repeated", () => {
  const rig = new Rig();
  rig.accept();
  rig.expect("SA 0 1");
  rig.send("S 0");
  rig.expect("SA 0 1");
  rig.to(1000);
  rig.expect("SA 0 1");
  rig.send("A 1 1");
  rig.expectState("established");
  rig.silence();
});

Deno.test("SYN-RECEIVED answers a wrong ACK with a reset, and ends on RST and on close", () => {
  const rig = new Rig();
  rig.accept();
  rig.expect("SA 0 1");
  rig.send("A 1 7");
  rig.expect("R 7");
  rig.expectState("syn-received");
  rig.send("R 1");
  rig.expectState("closed", "reset");
  const closed = new Rig();
  closed.accept();
  closed.expect("SA 0 1");
  closed.connection.close();
  closed.flush();
  closed.expect("RA 1 1");
  closed.expectState("closed");
});

Deno.test("SYN-RECEIVED takes data with the ACK of its SYN", () => {
  const rig = new Rig();
  rig.accept();
  rig.expect("SA 0 1");
  rig.send("A 1+100 1");
  rig.expectState("established");
  assert.equal(rig.connection.readableBytes, 100);
});

Deno.test("window scale is off in both directions unless both SYNs have it", () => {
  const off = Rig.established({ peerShift: -1 });
  assert.equal(off.lastSyn?.windowScale, -1);
  off.send("A 1+1000 1", "A 1001+1000 1");
  off.expect("A 1 2001");
  assert.equal(off.lastWindow, 65535 - 2000);
  const on = Rig.established({ peerShift: 7, window: 2 });
  assert.equal(on.lastSyn?.windowScale, 10);
  on.write(1000);
  on.silence();
  on.send("A 1 1 w4");
  on.send("A 1 1 w8");
  on.expect("A 1+1000 1");
});

Deno.test("MSS is the lesser of the peer's option and the MTU, 536 without option", () => {
  for (
    const [peerMss, mtuBytes, sent] of [[1000, 640, 600], [500, 1040, 500], [9000, 1540, 1500]]
  ) {
    const rig = Rig.established({ peerMss: peerMss!, mtuBytes: mtuBytes! });
    rig.write(2000);
    assert.equal(rig.taken()[0], `A 1+${sent} 1`);
  }
  const none = Rig.established({ peerMss: 0 });
  none.write(2000);
  none.expect("A 1+536 1", "A 537+536 1");
});

Deno.test("a tiny MSS option does not make tiny segments", () => {
  const rig = Rig.established({ peerMss: 1 });
  rig.write(100);
  rig.expect("A 1+64 1", "A 65+36 1");
});

Deno.test("setMtu() takes effect on what is sent, and sent again, from then on", () => {
  const rig = Rig.established();
  rig.write(2000);
  rig.expect("A 1+1000 1", "A 1001+1000 1");
  rig.connection.setMtu(540);
  rig.to(200);
  rig.expect("A 1+500 1");
  rig.send("A 1 501");
  rig.expect("A 501+500 1", "A 1001+500 1");
  rig.send("A 1 2001");
  rig.connection.setMtu(1040);
  rig.write(1000);
  rig.expect("A 2001+1000 1");
});

Deno.test("in-order data is acknowledged for every second segment, or after 40 ms", () => {
  const rig = Rig.established();
  rig.send("A 1+1000 1");
  rig.silence();
  rig.send("A 1001+1000 1");
  rig.expect("A 1 2001");
  rig.send("A 2001+10 1");
  rig.to(39);
  rig.silence();
  rig.to(40);
  rig.expect("A 1 2011");
  rig.to(1000);
  rig.silence();
});

Deno.test("a batch of segments gets one acknowledgement", () => {
  const rig = Rig.established();
  rig.sendBatch("A 1+1000 1", "A 1001+1000 1", "A 2001+1000 1", "A 3001+1000 1");
  rig.expect("A 1 4001");
  rig.silence();
});

Deno.test("data out of order is acknowledged at once, each segment, and so is what fills the hole", () => {
  const rig = Rig.established();
  rig.sendBatch("A 1001+1000 1", "A 2001+1000 1", "A 3001+1000 1");
  rig.expect("A 1 1", "A 1 1", "A 1 1");
  assert.equal(rig.connection.readableBytes, 0);
  rig.send("A 1+1000 1");
  rig.expect("A 1 4001");
  assert.equal(rig.read(5000), 4000);
});

Deno.test("SACK blocks name what arrived out of order, the newest first", () => {
  const rig = Rig.established({ sack: true });
  rig.send("A 2001+1000 1");
  rig.expect("A 1 1");
  assert.deepEqual(rig.lastSack, [[2001, 3001]]);
  rig.send("A 6001+1000 1", "A 4001+1000 1");
  assert.deepEqual(rig.lastSack, [[4001, 5001], [6001, 7001], [2001, 3001]]);
  rig.send("A 1+2000 1");
  assert.deepEqual(rig.lastSack, [[4001, 5001], [6001, 7001]]);
  const none = Rig.established({ sack: false });
  none.send("A 2001+1000 1");
  assert.deepEqual(none.lastSack, []);
});

Deno.test("repeated data is acknowledged at once and not delivered twice", () => {
  const rig = Rig.established();
  rig.send("A 1+100 1");
  rig.to(40);
  rig.expect("A 1 101");
  rig.send("A 1+100 1");
  rig.expect("A 1 101");
  rig.send("A 51+100 1");
  rig.to(80);
  rig.expect("A 1 151");
  assert.equal(rig.connection.readableBytes, 150);
});

Deno.test("data beyond the window is cut off; a full buffer closes the window", () => {
  const rig = Rig.established({ tcp: { receiveBufferBytes: 2000 } });
  rig.send("A 1+1000 1", "A 1001+1500 1");
  rig.expect("A 1 2001");
  assert.equal(rig.lastWindow, 0);
  rig.send("A 2001+1 1");
  rig.expect("A 1 2001");
  assert.equal(rig.read(100), 100);
  rig.silence();
  assert.equal(rig.read(900), 900);
  rig.expect("A 1 2001");
  assert.equal(rig.lastWindow, 1000);
});

Deno.test("the right edge of the window never moves back", () => {
  const rig = Rig.established({ tcp: { receiveBufferBytes: 4000 } });
  let edge = 0;
  let next = 1;
  for (const [length, read] of [[999, 0], [1, 10], [1000, 400], [500, 700], [900, 1390]]) {
    rig.send(`A ${next}+${length} 1`);
    next += length!;
    rig.read(read!);
    rig.to(rig.nowMs + 40);
    if (rig.taken().length === 0) continue;
    assert.ok(next + rig.lastWindow >= edge, `${next + rig.lastWindow} after ${edge}`);
    edge = next + rig.lastWindow;
  }
});

Deno.test("sending keeps to the peer's window, and to half of it at least", () => {
  const rig = Rig.established({ window: 2500 });
  rig.write(5000);
  rig.expect("A 1+1000 1", "A 1001+1000 1");
  rig.silence();
  rig.send("A 1 2001 w600");
  rig.silence();
  rig.send("A 1 2001 w1300");
  rig.expect("A 2001+1000 1");
});

Deno.test("a window update that is older than the last one is not taken", () => {
  const rig = Rig.established({ window: 1000 });
  rig.send("A 1+10 1 w3000", "A 11+10 1 w5000");
  rig.send("A 1+30 1 w0");
  rig.write(3000);
  rig.expect("A 1+1000 31", "A 1001+1000 31", "A 2001+1000 31");
});

Deno.test("zero window: probes of one byte, backed off, for ever while the peer answers", () => {
  const rig = Rig.established({ window: 0, tcp: { userTimeoutMs: 5000 } });
  rig.write(500);
  rig.silence();
  let probes = 0;
  for (let ms = 1; ms < 100_000; ms++) {
    rig.to(ms);
    const out = rig.taken();
    if (out.length === 0) continue;
    assert.deepEqual(out, ["A 1+1 1"]);
    probes++;
    rig.send("A 1 1 w0");
    rig.silence();
  }
  assert.ok(probes >= 6 && probes <= 8, `${probes} probes`);
  rig.send("A 1 1 w1000");
  rig.expect("A 1+500 1");
  rig.expectState("established");
});

Deno.test("zero window: a byte that the peer took with the probe is not sent again", () => {
  const rig = Rig.established({ window: 0 });
  rig.write(500);
  rig.to(200);
  rig.expect("A 1+1 1");
  rig.send("A 1 2 w1000");
  rig.expect("A 2+499 1");
});

Deno.test("a window too small to be worth filling is filled after the persist time", () => {
  const rig = Rig.established({ window: 60000 });
  rig.send("A 1 1 w400");
  rig.write(5000);
  rig.silence();
  rig.to(200);
  rig.expect("A 1+400 1");
  rig.send("A 1 401 w0");
  rig.send("A 1 401 w5000");
  rig.expect("A 401+1000 1", "A 1401+1000 1", "A 2401+1000 1", "A 3401+1000 1", "A 4401+600 1");
});

Deno.test("zero window: a peer that does not answer probes is given up", () => {
  const rig = Rig.established({ window: 0, tcp: { userTimeoutMs: 5000 } });
  rig.write(500);
  rig.to(20_000);
  assert.equal(rig.taken().at(-1)?.startsWith("RA"), true);
  rig.expectState("closed", "timed-out");
});

Deno.test("zero window: a closed connection waits for the user timeout only", () => {
  const rig = Rig.established({ window: 0, tcp: { userTimeoutMs: 5000 } });
  rig.write(500);
  rig.connection.close();
  rig.flush();
  for (let ms = 1; ms < 20_000 && rig.connection.state !== "closed"; ms++) {
    rig.to(ms);
    if (rig.taken().length > 0) rig.send("A 1 1 w0");
  }
  rig.expectState("closed", "timed-out");
});

Deno.test("answers to segments out of order do not get lost in data of our own", () => {
  const rig = Rig.established();
  rig.connection.write(new Uint8Array(1500), 0);
  rig.sendBatch("A 1001+1000 1", "A 2001+1000 1", "A 3001+1000 1");
  rig.expect("A 1+1000 1", "A 1001+500 1", "A 1501 1", "A 1501 1", "A 1501 1");
});

Deno.test("Nagle: off by default; on, small data waits while something is in flight", () => {
  const off = Rig.established();
  off.write(10);
  off.write(10);
  off.expect("A 1+10 1", "A 11+10 1");
  const on = Rig.established();
  on.connection.setNoDelay(false);
  on.write(10);
  on.write(10);
  on.write(15);
  on.expect("A 1+10 1");
  on.silence();
  on.send("A 1 11");
  on.expect("A 11+25 1");
});

Deno.test("keep-alive: off by default; on, probes an idle peer and gives it up", () => {
  const off = Rig.established();
  off.to(10_000_000);
  off.silence();
  const tcp = { keepAliveIdleMs: 1000, keepAliveIntervalMs: 100, keepAliveProbes: 3 };
  const on = Rig.established({ tcp });
  on.connection.setKeepAlive(true);
  on.flush();
  on.to(999);
  on.silence();
  on.to(1000);
  on.expect("A 0 1");
  on.send("A 1 1");
  on.to(1999);
  on.silence();
  on.to(2250);
  on.expect("A 0 1", "A 0 1", "A 0 1");
  on.to(2300);
  on.expect("RA 1 1");
  on.expectState("closed", "timed-out");
});

Deno.test("a blocked sink is asked again later and no timer runs meanwhile", () => {
  const rig = Rig.established();
  rig.sink.blocked = true;
  rig.write(100);
  rig.to(100_000);
  rig.silence();
  rig.sink.blocked = false;
  rig.flush();
  rig.expect("A 1+100 1");
});
