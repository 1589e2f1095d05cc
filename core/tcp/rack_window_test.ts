/** How wide the reordering window of RACK is. Spec: RFC 8985 §6.2 (step 4). */
import assert from "node:assert/strict";
import { Rack } from "./rack.ts";
import { seqAdd, toSeq } from "./seq.ts";

const ISS = toSeq(0xffffff00);
const RTT_MS = 100;

/** One that has measured a round trip of 100 ms, at `nowMs`. */
function measured(nowMs = 0): Rack {
  const rack = new Rack(ISS);
  measure(rack, RTT_MS, nowMs);
  return rack;
}

function measure(rack: Rack, rttMs: number, nowMs: number): void {
  rack.arrives(nowMs, -1);
  rack.delivered(seqAdd(ISS, 1000), nowMs - rttMs, false);
}

function windowMs(rack: Rack, srttMs = RTT_MS): number {
  return rack.windowMs({ sackedCount: 1, recovering: false, srttMs });
}

/** Segments that arrived twice, each in a round of its own. */
function duplicates(rack: Rack, count: number): void {
  for (let i = 0; i < count; i++) {
    rack.duplicate({ sndUna: seqAdd(ISS, 1000 * i), sndNxt: seqAdd(ISS, 1000 * (i + 1)) });
  }
}

Deno.test("RFC 8985 §6.2: the window grows once for each round with a duplicate", () => {
  const rack = measured();
  assert.equal(windowMs(rack), 25);
  const round = { sndUna: ISS, sndNxt: seqAdd(ISS, 10_000) };
  for (let i = 0; i < 5; i++) rack.duplicate(round);
  rack.duplicate({ sndUna: seqAdd(ISS, 9999), sndNxt: seqAdd(ISS, 20_000) });
  assert.equal(windowMs(rack), 50);
  rack.duplicate({ sndUna: seqAdd(ISS, 10_000), sndNxt: seqAdd(ISS, 20_000) });
  assert.equal(windowMs(rack), 75);
});

Deno.test("RFC 8985 §6.2: the window is the smoothed round-trip time at most", () => {
  const rack = measured();
  duplicates(rack, 20);
  assert.equal(windowMs(rack, 130), 130);
});

Deno.test("RFC 8985 §6.2: sixteen recoveries without a duplicate make the window narrow again", () => {
  const rack = measured();
  duplicates(rack, 2);
  for (let i = 0; i < 15; i++) rack.recovered();
  assert.equal(windowMs(rack), 75);
  rack.recovered();
  assert.equal(windowMs(rack), 25);
});

Deno.test("RFC 8985 §6.2: the least round-trip time is forgotten after 30 to 60 s", () => {
  const rack = measured();
  measure(rack, 400, 30_000);
  assert.equal(rack.minRttMs, RTT_MS);
  measure(rack, 400, 60_000);
  assert.equal(rack.minRttMs, 400);
  rack.pathChanged();
  assert.equal(rack.minRttMs, Infinity);
});
