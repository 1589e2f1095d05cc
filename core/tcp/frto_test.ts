import assert from "node:assert/strict";
import { Frto, type FrtoAck } from "./frto.ts";
import { toSeq } from "./seq.ts";

const SENT = toSeq(10_000);

/** The machine after a timeout with 10,000 bytes sent, and after an answer to what was sent again. */
function afterFirst(change: Partial<FrtoAck> = {}): Frto {
  const frto = new Frto(toSeq(0));
  frto.begin(SENT);
  assert.equal(frto.acked(ack({ sndUna: toSeq(1000), ackedBytes: 1000, ...change })), false);
  return frto;
}

function ack(change: Partial<FrtoAck>): FrtoAck {
  const { ackedBytes = 0 } = change;
  return {
    sndUna: toSeq(1000),
    sndNxt: SENT,
    fack: change.sndUna ?? toSeq(1000),
    ackedBytes,
    deliveredBytes: ackedBytes,
    duplicate: false,
    fullSegmentWaits: true,
    ...change,
  };
}

Deno.test("RFC 5682 §3.1 (2): the first progress after a timeout lets two new segments go", () => {
  const frto = afterFirst();
  assert.ok(frto.waits);
  assert.equal(frto.newSegments, 2);
  for (let i = 0; i < 3; i++) frto.sent();
  assert.equal(frto.newSegments, 0);
});

Deno.test("RFC 5682 §3.1 (2): nothing waits if all has arrived, or nothing new may be sent", () => {
  for (const change of [{ sndUna: SENT, ackedBytes: 10_000 }, { fullSegmentWaits: false }]) {
    const frto = afterFirst(change);
    assert.equal(frto.waits, false);
    assert.equal(frto.acked(ack({ sndUna: SENT, ackedBytes: 1000 })), false);
  }
});

Deno.test("RFC 5682 §3.1 (2): duplicates before the first progress decide nothing", () => {
  const frto = new Frto(toSeq(0));
  frto.begin(SENT);
  assert.equal(frto.acked(ack({ deliveredBytes: 1000, fack: toSeq(5000) })), false);
  assert.equal(frto.waits, false);
  assert.equal(frto.acked(ack({ ackedBytes: 1000 })), false);
  assert.ok(frto.waits);
});

Deno.test("RFC 5682 §3.1 (3): what the next acknowledgement is for decides", () => {
  const table: [string, Partial<FrtoAck>, boolean][] = [
    ["old data in order", { sndUna: toSeq(2000), ackedBytes: 1000 }, true],
    ["old data out of order", { deliveredBytes: 1000, fack: toSeq(5000) }, true],
    ["new data out of order", { deliveredBytes: 1000, fack: toSeq(11_000) }, false],
    ["new data in order", { sndUna: toSeq(11_000), ackedBytes: 10_000 }, false],
    ["nothing", {}, false],
  ];
  for (const [name, change, spurious] of table) {
    const frto = afterFirst();
    assert.equal(frto.acked(ack(change)), spurious, name);
    assert.equal(frto.waits, false, name);
    assert.equal(frto.newSegments, 0, name);
  }
});

Deno.test("RFC 5682 §3.1 (3): that the repeated segment arrived twice decides nothing", () => {
  const frto = afterFirst();
  assert.equal(frto.acked(ack({ duplicate: true })), false);
  assert.equal(frto.acked(ack({ sndUna: toSeq(2000), ackedBytes: 1000 })), true);
});
