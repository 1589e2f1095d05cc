import assert from "node:assert/strict";
import { Rig } from "./_rig.ts";

/** A connection with ten segments of 1,000 bytes in flight, and 30 more waiting. */
function inFlight(): Rig {
  const rig = Rig.established();
  rig.write(40_000);
  assert.equal(rig.taken().length, 10);
  return rig;
}

Deno.test("RFC 6928: the initial window is ten segments, and one after a lost SYN", () => {
  inFlight();
  const rig = new Rig();
  rig.accept();
  rig.to(1000);
  rig.expect("SA 0 1", "SA 0 1");
  rig.send("A 1 1");
  rig.write(5000);
  rig.expect("A 1+1000 1");
  rig.silence();
});

Deno.test("RFC 5681: slow start sends two segments for each one acknowledged", () => {
  const rig = inFlight();
  rig.send("A 1 1001");
  rig.expect("A 10001+1000 1", "A 11001+1000 1");
  rig.send("A 1 3001");
  assert.equal(rig.taken().length, 4);
});

Deno.test("RFC 3042: the first two duplicate acknowledgements each let one new segment go", () => {
  const rig = inFlight();
  rig.send("A 1 1");
  rig.expect("A 10001+1000 1");
  rig.send("A 1 1");
  rig.expect("A 11001+1000 1");
  rig.silence();
});

Deno.test("RFC 5681: the third duplicate acknowledgement sends the first segment again", () => {
  const rig = inFlight();
  rig.send("A 1 1", "A 1 1");
  rig.taken();
  rig.send("A 1 1");
  rig.expect("A 1+1000 1");
  rig.silence();
});

Deno.test("RFC 5681: no duplicate is an ACK with data, with another window, or with nothing in flight", () => {
  const rig = inFlight();
  rig.send("A 1+10 1", "A 11+10 1", "A 21+10 1", "A 31 1 w50000", "A 31 1 w40000", "A 31 1 w30000");
  assert.equal(rig.taken().filter((text) => text.startsWith("A 1+")).length, 0);
  const idle = Rig.established();
  idle.send("A 1 1", "A 1 1", "A 1 1", "A 1 1");
  idle.write(10);
  idle.expect("A 1+10 1");
});

Deno.test("RFC 6582: a partial acknowledgement sends the next hole again, a full one ends recovery", () => {
  const rig = inFlight();
  rig.send("A 1 1", "A 1 1", "A 1 1");
  rig.taken();
  rig.send("A 1 4001");
  assert.equal(rig.taken()[0], "A 4001+1000 1");
  rig.send("A 1 12001");
  const after = rig.taken();
  assert.ok(after.every((text) => Number(/ (\d+)\+/.exec(text)![1]) >= 12001), after.join());
  rig.send("A 1 13001");
  rig.taken();
  rig.send("A 1 13001", "A 1 13001", "A 1 13001");
  assert.equal(rig.taken().filter((text) => text.startsWith("A 13001+")).length, 1);
});

Deno.test("RFC 6298: everything is sent again after the timeout, one segment first", () => {
  const rig = inFlight();
  rig.to(200);
  rig.expect("A 1+1000 1");
  rig.silence();
  rig.to(599);
  rig.silence();
  rig.to(600);
  rig.expect("A 1+1000 1");
  rig.send("A 1 1001");
  rig.expect("A 1001+1000 1", "A 2001+1000 1");
  rig.send("A 1 10001");
  assert.ok(rig.taken()[0]!.startsWith("A 10001+"));
});

Deno.test("RFC 6582: duplicates that a timeout caused start no fast retransmit", () => {
  const rig = inFlight();
  rig.to(200);
  rig.expect("A 1+1000 1");
  rig.send("A 1 1", "A 1 1", "A 1 1", "A 1 1");
  assert.equal(rig.taken().filter((text) => text === "A 1+1000 1").length, 0);
});

Deno.test("RFC 6298: the timeout follows the measured round-trip time, 200 ms at least", () => {
  const rig = Rig.established();
  for (let i = 0; i < 30; i++) {
    rig.write(10);
    rig.taken();
    rig.nowMs += 5;
    rig.send(`A 1 ${11 + 10 * i}`);
  }
  assert.ok(Math.abs(rig.connection.srttMs - 5) < 1, `${rig.connection.srttMs}`);
  const start = rig.nowMs;
  rig.write(10);
  rig.taken();
  rig.to(start + 199);
  rig.silence();
  rig.to(start + 200);
  rig.expect("A 301+10 1");
});

Deno.test("RFC 6298 (Karn): a segment that was sent again is not measured", () => {
  const rig = Rig.established();
  const before = rig.connection.srttMs;
  rig.write(10);
  rig.to(1500);
  rig.taken();
  rig.send("A 1 11");
  assert.equal(rig.connection.srttMs, before);
});

Deno.test("RFC 5681: after a pause the window starts again at the initial one", () => {
  const rig = Rig.established();
  for (let i = 0; i < 6; i++) {
    rig.write(20_000);
    for (let sent = rig.taken(); sent.length > 0; sent = rig.taken()) {
      const [, seq, length] = /(\d+)\+(\d+)/.exec(sent.at(-1)!)!;
      rig.send(`A 1 ${Number(seq) + Number(length)}`);
    }
  }
  assert.equal(rig.connection.unacknowledgedBytes, 0);
  rig.nowMs += 60_000;
  rig.write(50_000);
  assert.equal(rig.taken().length, 10);
});

Deno.test("what is sent again holds no new data", () => {
  const rig = Rig.established({ window: 3000 });
  rig.connection.setNoDelay(false);
  rig.write(2100);
  rig.expect("A 1+1000 1", "A 1001+1000 1");
  rig.send("A 1 1 w3000", "A 1 1 w3000");
  rig.send("A 1 2001 w3000");
  rig.taken();
  rig.connection.setNoDelay(true);
  rig.write(10);
  rig.taken();
  rig.send("A 1 2101 w500");
  rig.write(900);
  rig.taken();
  rig.send("A 1 2101 w500", "A 1 2101 w500", "A 1 2101 w500");
  for (const text of rig.taken()) assert.match(text, /^A 2101\+10 1$/);
});

Deno.test("RFC 9438 §5.8: a window that the application does not fill does not grow", () => {
  for (const congestion of ["cubic", "new-reno"] as const) {
    const rig = Rig.established({ tcp: { congestion } });
    for (let i = 0; i < 30; i++) {
      rig.write(1000);
      rig.expect(`A ${1 + 1000 * i}+1000 1`);
      rig.nowMs += 20;
      rig.send(`A 1 ${1001 + 1000 * i}`);
    }
    rig.write(50_000);
    assert.equal(rig.taken().length, 10, congestion);
  }
});
