import assert from "node:assert/strict";
import { Rig } from "./_rig.ts";

/** A connection whose user has closed for writing, with the FIN sent. */
function finWait1(options: { timeWaitMs?: number; finWait2Ms?: number } = {}): Rig {
  const rig = Rig.established({ tcp: options });
  rig.connection.closeWrite();
  rig.flush();
  rig.expect("FA 1 1");
  rig.expectState("fin-wait-1");
  return rig;
}

function finWait2(options = {}): Rig {
  const rig = finWait1(options);
  rig.send("A 1 2");
  rig.expectState("fin-wait-2");
  return rig;
}

function closing(): Rig {
  const rig = finWait1();
  rig.send("FA 1 1");
  rig.expect("A 2 2");
  rig.expectState("closing");
  return rig;
}

function closeWait(): Rig {
  const rig = Rig.established();
  rig.send("FA 1 1");
  rig.expect("A 1 2");
  rig.expectState("close-wait");
  return rig;
}

function lastAck(): Rig {
  const rig = closeWait();
  rig.connection.closeWrite();
  rig.flush();
  rig.expect("FA 1 2");
  rig.expectState("last-ack");
  return rig;
}

function timeWait(timeWaitMs = 2000): Rig {
  const rig = finWait2({ timeWaitMs });
  rig.send("FA 1 2");
  rig.expect("A 2 2");
  rig.expectState("time-wait");
  return rig;
}

Deno.test("active close goes through FIN-WAIT-1, FIN-WAIT-2 and TIME-WAIT to CLOSED", () => {
  const rig = timeWait(2000);
  rig.to(1999);
  rig.expectState("time-wait");
  rig.to(2000);
  rig.expectState("closed");
  rig.silence();
});

Deno.test("passive close goes through CLOSE-WAIT and LAST-ACK to CLOSED", () => {
  const rig = lastAck();
  rig.send("A 2 2");
  rig.expectState("closed");
  rig.silence();
  assert.equal(rig.connection.nextDeadlineMs(), Infinity);
});

Deno.test("simultaneous close goes through CLOSING to TIME-WAIT", () => {
  const rig = closing();
  rig.send("A 2 2");
  rig.expectState("time-wait");
  rig.silence();
});

Deno.test("FIN-WAIT-1 goes straight to TIME-WAIT when one segment has both FIN and its ACK", () => {
  const rig = finWait1();
  rig.send("FA 1 2");
  rig.expect("A 2 2");
  rig.expectState("time-wait");
});

Deno.test("half-close: FIN-WAIT-2 still takes data, CLOSE-WAIT still sends it", () => {
  const rig = finWait2();
  rig.send("A 1+500 2");
  assert.equal(rig.read(1000), 500);
  rig.to(1_000_000);
  rig.taken();
  rig.expectState("fin-wait-2");
  const other = closeWait();
  other.write(500);
  other.expect("A 1+500 2");
  other.connection.closeWrite();
  other.flush();
  other.expect("FA 501 2");
});

Deno.test("FIN rides on the last data, follows data that waits, and is repeated until acknowledged", () => {
  const rig = Rig.established({ window: 1000 });
  rig.write(1500);
  rig.connection.closeWrite();
  rig.flush();
  rig.expect("A 1+1000 1");
  rig.silence();
  rig.send("A 1 1001");
  rig.expect("FA 1001+500 1");
  rig.to(200);
  rig.expect("FA 1001+500 1");
  rig.send("A 1 1501");
  rig.to(2000);
  assert.equal(rig.taken()[0], "FA 1501 1");
  rig.send("A 1 1502");
  rig.expectState("fin-wait-2");
});

Deno.test("nothing can be written after closeWrite()", () => {
  const rig = finWait1();
  assert.equal(rig.connection.write(new Uint8Array(5), 0), 0);
});

Deno.test("a FIN that arrives before data counts only once the data is there", () => {
  const rig = Rig.established();
  rig.send("FA 101 1");
  rig.expect("A 1 1");
  rig.expectState("established");
  rig.send("A 1+100 1");
  rig.expect("A 1 102");
  rig.expectState("close-wait");
  assert.equal(rig.read(200), 100);
});

Deno.test("TIME-WAIT acknowledges a repeated FIN and starts its time again", () => {
  const rig = timeWait(2000);
  rig.to(1500);
  rig.send("FA 1 2");
  rig.expect("A 2 2");
  rig.to(3499);
  rig.expectState("time-wait");
  rig.to(3500);
  rig.expectState("closed");
});

Deno.test("close() without unread data is orderly; the peer's later data is answered with a reset", () => {
  const rig = Rig.established();
  rig.write(10);
  rig.expect("A 1+10 1");
  rig.connection.close();
  rig.flush();
  rig.expect("FA 11 1");
  rig.send("A 1 12");
  rig.expectState("fin-wait-2");
  rig.send("A 1+5 12");
  rig.expect("RA 12 1");
  rig.expectState("closed");
});

Deno.test("close() with unread data resets at once", () => {
  const rig = Rig.established();
  rig.send("A 1+5 1");
  rig.connection.close();
  rig.flush();
  rig.expect("RA 1 6");
  rig.expectState("closed");
  rig.silence();
});

Deno.test("close() waits in FIN-WAIT-2 for a bounded time only", () => {
  const rig = finWait2({ finWait2Ms: 60_000 });
  rig.connection.close();
  rig.flush();
  rig.to(59_999);
  rig.expectState("fin-wait-2");
  rig.to(60_000);
  rig.expectState("closed");
  rig.silence();
});

Deno.test("abort() says nothing in CLOSING and LAST-ACK once everything is sent and received", () => {
  for (const make of [closing, lastAck]) {
    const rig = make();
    rig.connection.abort();
    rig.flush();
    rig.silence();
    rig.expectState("closed", "aborted");
    assert.equal(rig.connection.nextDeadlineMs(), Infinity);
  }
});

Deno.test("abort() resets in CLOSING and LAST-ACK while data, sent or not, is unacknowledged", () => {
  for (const window of [0, 60000]) {
    const last = Rig.established({ window });
    last.write(10);
    last.send(`FA 1 1 w${window}`);
    last.connection.closeWrite();
    last.flush();
    last.taken();
    last.expectState("last-ack");
    last.connection.abort();
    last.flush();
    assert.match(last.taken().join(), /^RA \d+ 2$/);
    const both = Rig.established({ window });
    both.write(10);
    both.connection.closeWrite();
    both.send(`FA 1 1 w${window}`);
    both.taken();
    both.expectState("closing");
    both.connection.abort();
    both.flush();
    assert.match(both.taken().join(), /^RA \d+ 2$/);
  }
});

Deno.test("abort() resets in every other synchronised state and says nothing before that", () => {
  const states = [() => Rig.established(), finWait1, finWait2, closeWait];
  for (const make of states) {
    const rig = make();
    rig.connection.abort();
    rig.flush();
    assert.match(rig.taken().join(), /^RA \d+ \d+$/);
    rig.expectState("closed", "aborted");
  }
  const opening = new Rig();
  opening.open();
  opening.expect("S 0");
  opening.connection.abort();
  opening.flush();
  opening.silence();
  opening.expectState("closed", "aborted");
});

Deno.test("a reset at the expected number ends every state as RFC 9293 says", () => {
  const table: [() => Rig, string, string | undefined][] = [
    [() => Rig.established(), "R 1", "reset"],
    [finWait1, "R 1", "reset"],
    [finWait2, "R 1", "reset"],
    [closeWait, "R 2", "reset"],
    [closing, "R 2", undefined],
    [lastAck, "R 2", undefined],
    [timeWait, "R 2", undefined],
  ];
  for (const [make, reset, failure] of table) {
    const rig = make();
    rig.send(reset);
    rig.silence();
    rig.expectState("closed", failure);
    assert.equal(rig.connection.nextDeadlineMs(), Infinity);
  }
});

Deno.test("RFC 5961: a reset elsewhere in the window is challenged, one outside is dropped", () => {
  const rig = Rig.established();
  rig.send("R 2");
  rig.expect("A 1 1");
  rig.send("R 0", "R 70000");
  rig.silence();
  rig.expectState("established");
});

Deno.test("RFC 5961: a SYN is challenged in every synchronised state", () => {
  const states = [() => Rig.established(), finWait1, finWait2, closing, closeWait, lastAck];
  for (const make of states) {
    const rig = make();
    const { state } = rig.connection;
    rig.send("S 10");
    assert.equal(rig.taken().length, 1);
    rig.send("S 900000");
    assert.equal(rig.taken().length, 1);
    rig.expectState(state);
  }
});

Deno.test("RFC 5961: an ACK too old or too new is challenged and its data not taken", () => {
  const rig = Rig.established();
  rig.send("A 1+10 2");
  rig.expect("A 1 1");
  rig.send("A 1+10 -60000");
  rig.expect("A 1 1");
  assert.equal(rig.connection.readableBytes, 0);
  rig.send("A 1+10 -100");
  assert.equal(rig.connection.readableBytes, 10);
});

Deno.test("RFC 5961: at most ten challenges in five seconds", () => {
  const rig = Rig.established();
  for (let i = 0; i < 50; i++) rig.send("R 2");
  assert.equal(rig.taken().length, 10);
  rig.to(5000);
  rig.send("R 2");
  rig.expect("A 1 1");
});

Deno.test("a segment without ACK is ignored, one outside the window is answered", () => {
  const rig = Rig.established();
  rig.send("F 1");
  rig.silence();
  rig.send("A 70000+10 1");
  rig.expect("A 1 1");
  rig.send("A -1 1");
  rig.expect("A 1 1");
  rig.expectState("established");
  assert.equal(rig.connection.readableBytes, 0);
});

Deno.test("an ACK from the right edge of the window is taken, one beyond it is not", () => {
  const rig = Rig.established({ tcp: { receiveBufferBytes: 2000 } });
  rig.write(100);
  rig.taken();
  rig.send("A 2002 101");
  rig.expect("A 101 1");
  assert.equal(rig.connection.unacknowledgedBytes, 100);
  rig.send("A 2001 101");
  rig.silence();
  assert.equal(rig.connection.unacknowledgedBytes, 0);
});

Deno.test("a FIN behind a full window is taken, and ACKs behind that FIN too", () => {
  const rig = Rig.established({ tcp: { receiveBufferBytes: 1024 } });
  rig.send("FA 1+1024 1");
  rig.expect("A 1 1026");
  rig.expectState("close-wait");
  rig.write(10);
  rig.taken();
  rig.send("A 1026 11");
  rig.silence();
  assert.equal(rig.connection.unacknowledgedBytes, 0);
});

Deno.test("nothing is taken after the peer's FIN", () => {
  const rig = closeWait();
  rig.send("A 2+10 1");
  rig.expect("A 1 2");
  assert.equal(rig.connection.readableBytes, 0);
});

Deno.test("data without acknowledgement is given up after the user timeout, with a reset", () => {
  const rig = Rig.established({ tcp: { userTimeoutMs: 10_000 } });
  rig.write(10);
  rig.to(60_000);
  const sent = rig.taken();
  assert.equal(sent.at(-1), "RA 11 1");
  assert.deepEqual(new Set(sent.slice(0, -1)), new Set(["A 1+10 1"]));
  rig.expectState("closed", "timed-out");
});

Deno.test("a connection that has ended takes and says nothing", () => {
  const rig = Rig.established();
  rig.send("R 1");
  rig.send("A 1+10 1", "S 0", "FA 1 1", "R 1");
  rig.flush();
  rig.silence();
  assert.equal(rig.connection.write(new Uint8Array(1), 0), 0);
  assert.equal(rig.read(10), 0);
});
