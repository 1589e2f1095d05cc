import assert from "node:assert/strict";
import { Cubic } from "./cubic.ts";
import { PathTimes } from "./path_times.ts";

const MSS = 1000;
const RTT_MS = 100;

/** A window of 100 segments that has just been reduced to 70, by a queue. */
function reduced(): Cubic {
  const cubic = new Cubic(new PathTimes());
  cubic.begin(MSS, false);
  cubic.acked(90 * MSS, 0, RTT_MS);
  assert.equal(cubic.cwndBytes, 100 * MSS);
  cubic.lossDetected(100 * MSS);
  return cubic;
}

/** A window's worth of acknowledgements for each round trip until `untilMs`. */
function grow(cubic: Cubic, fromMs: number, untilMs: number, rttMs = RTT_MS): void {
  for (let ms = fromMs; ms < untilMs; ms += rttMs / 10) {
    cubic.acked(cubic.cwndBytes / 10, ms, rttMs);
  }
}

Deno.test("RFC 9438 §4.6: a loss leaves 70 % of the window, two segments at least", () => {
  assert.deepEqual([reduced().cwndBytes, reduced().ssthreshBytes], [70 * MSS, 70 * MSS]);
  const small = new Cubic(new PathTimes());
  small.begin(MSS, true);
  small.lossDetected(MSS);
  assert.equal(small.cwndBytes, 2 * MSS);
});

Deno.test("RFC 9438 §4.2: the window rises to the last maximum in K seconds, flat there, then steeply", () => {
  const cubic = reduced();
  // K is the cube root of 30 segments / 0.4, 4.2 s.
  grow(cubic, 0, 4200);
  assert.ok(Math.abs(cubic.cwndBytes / MSS - 100) < 3, `${cubic.cwndBytes}`);
  const before = cubic.cwndBytes;
  grow(cubic, 4200, 5200);
  assert.ok(cubic.cwndBytes - before < 6 * MSS, "flat");
  grow(cubic, 5200, 8400);
  assert.ok(cubic.cwndBytes > 120 * MSS, "convex");
});

Deno.test("RFC 9438 §4.3: over a short path the window grows no slower than Reno's", () => {
  const cubic = reduced();
  for (let ms = 0; ms < 1000; ms += 5) cubic.acked(cubic.cwndBytes, ms, 5);
  // 200 round trips of 0.53 segments and more, where the curve alone would not reach 100.
  assert.ok(cubic.cwndBytes > 165 * MSS, `${cubic.cwndBytes}`);
});

Deno.test("RFC 9438 §4.7: a second loss below the last maximum gives room to others", () => {
  const second = reduced();
  second.lossDetected(70 * MSS);
  assert.equal(second.cwndBytes, 49 * MSS);
  grow(second, 0, 3000, 500);
  // The plateau is at 0.85 of 70 segments, not at 70.
  assert.ok(Math.abs(second.cwndBytes / MSS - 59.5) < 2, `${second.cwndBytes}`);
});

Deno.test("RFC 9438 §4.2: time in which nothing was sent does not raise the window", () => {
  const cubic = reduced();
  grow(cubic, 0, 1000);
  const before = cubic.cwndBytes;
  cubic.acked(MSS, 60_000, RTT_MS);
  assert.ok(cubic.cwndBytes - before < 2 * MSS, `${cubic.cwndBytes - before}`);
});

Deno.test("RFC 9438 §4.8: a timeout leaves one segment and 70 % of the threshold", () => {
  const cubic = reduced();
  cubic.timedOut(70 * MSS, true);
  assert.deepEqual([cubic.cwndBytes, cubic.ssthreshBytes], [MSS, 49 * MSS]);
  cubic.timedOut(MSS, false);
  assert.equal(cubic.ssthreshBytes, 49 * MSS);
});

Deno.test("RFC 9438 §4.9: undo() restores window and threshold", () => {
  const cubic = reduced();
  cubic.undo();
  assert.deepEqual([cubic.cwndBytes, cubic.ssthreshBytes], [100 * MSS, Infinity]);
});

Deno.test("RFC 5681 §4.1: after a pause the window starts again, the threshold stays", () => {
  const cubic = reduced();
  cubic.idle();
  assert.deepEqual([cubic.cwndBytes, cubic.ssthreshBytes], [10 * MSS, 70 * MSS]);
});

function measured(rttMs: number, samples = 8): Cubic {
  const path = new PathTimes();
  path.sample(50, 0);
  const cubic = new Cubic(path);
  cubic.begin(MSS, false);
  cubic.rttSample(50);
  cubic.roundStarted(50);
  for (let i = 0; i < samples; i++) cubic.rttSample(rttMs);
  return cubic;
}

Deno.test("Cubic tolerates few losses while nothing waits in a queue", () => {
  const cubic = measured(50);
  assert.equal(cubic.congested(MSS), false);
  assert.equal(cubic.congested(3 * MSS), false);
  assert.equal(cubic.congested(MSS), true);
  cubic.delivered(100 * MSS);
  assert.equal(cubic.congested(MSS), false);
});

Deno.test("Cubic tolerates no loss once a queue delays everything", () => {
  assert.equal(measured(56).congested(MSS), false);
  assert.equal(measured(57).congested(MSS), true);
  assert.equal(new Cubic(new PathTimes()).congested(MSS), true);
});

Deno.test("Cubic takes a few late segments at the start of a round for no queue", () => {
  assert.equal(measured(80, 7).congested(MSS), false);
});

Deno.test("Cubic tolerates 4 % of loss for ever and 8 % never for long", () => {
  for (const [percent, tolerated] of [[4, true], [8, false]] as const) {
    const cubic = measured(50);
    let reductions = 0;
    for (let i = 0; i < 100; i++) {
      cubic.delivered((100 - percent) * MSS);
      if (cubic.congested(percent * MSS)) reductions++;
    }
    assert.equal(reductions === 0, tolerated, `${percent} %: ${reductions}`);
  }
});

Deno.test("RFC 9438 §4.4: a round trip raises the window by half of itself at most", () => {
  const cubic = reduced();
  // Far up the curve, which nearly no acknowledgement has followed.
  for (let ms = 0; ms < 30_000; ms += RTT_MS) cubic.acked(1, ms, RTT_MS);
  const before = cubic.cwndBytes;
  cubic.acked(before, 30_000, RTT_MS);
  assert.ok(cubic.cwndBytes > 1.45 * before && cubic.cwndBytes <= 1.5 * before);
});

Deno.test("RFC 9438 §4.6: what was not in flight does not count for what is left after a loss", () => {
  const cubic = reduced();
  cubic.lossDetected(20 * MSS);
  assert.deepEqual([cubic.cwndBytes, cubic.ssthreshBytes], [14 * MSS, 14 * MSS]);
});

Deno.test("RFC 9438 §4.3: beyond the window before the loss Reno's growth is a segment each round", () => {
  const cubic = reduced();
  // Rounds so short that the curve stays behind.
  const rounds = (from: number, count: number) => {
    const before = cubic.cwndBytes;
    for (let i = from; i < from + count; i++) cubic.acked(cubic.cwndBytes, i / 100, 0.01);
    return (cubic.cwndBytes - before) / MSS / count;
  };
  assert.ok(Math.abs(rounds(0, 50) - 0.53) < 0.01);
  rounds(50, 10);
  assert.ok(Math.abs(rounds(60, 50) - 1) < 0.01);
});

Deno.test("RFC 9438 §4.8: after a timeout the window before it is no goal any more", () => {
  const cubic = reduced();
  cubic.timedOut(70 * MSS, true);
  cubic.acked(48 * MSS, 0, RTT_MS);
  assert.equal(cubic.cwndBytes, 49 * MSS);
  grow(cubic, 0, 3000, 1000);
  // Convex from 49 on: 0.4 of a segment for the third power of 3 to 4 s.
  assert.ok(cubic.cwndBytes < 72 * MSS, `${cubic.cwndBytes}`);
});

Deno.test("setMss() leaves the window two segments of the new size", () => {
  const cubic = new Cubic(new PathTimes());
  cubic.begin(MSS, true);
  cubic.setMss(9000);
  assert.equal(cubic.cwndBytes, 18_000);
});

/** A round in which 20 windows of a tenth each come back after this time. */
function round(cubic: Cubic, rttMs: number, nowMs: number): void {
  for (let i = 0; i < 10; i++) cubic.rttSample(rttMs);
  cubic.delivered(cubic.cwndBytes);
  cubic.roundStarted(nowMs);
}

Deno.test("RFC 9406: slow start becomes slower as the round-trip time rises, and ends five rounds later", () => {
  const cubic = new Cubic(new PathTimes());
  cubic.begin(MSS, false);
  const doubled = () => {
    const before = cubic.cwndBytes;
    cubic.acked(before, 0, RTT_MS);
    return cubic.cwndBytes / before;
  };
  round(cubic, 100, 100);
  assert.equal(doubled(), 2);
  for (let i = 0; i < 8; i++) cubic.rttSample(113);
  assert.equal(doubled(), 1.25, "conservative slow start");
  for (let i = 0; i < 5; i++) cubic.roundStarted(200 + i);
  assert.equal(cubic.ssthreshBytes, Infinity);
  cubic.roundStarted(300);
  assert.equal(cubic.ssthreshBytes, cubic.cwndBytes);
});

Deno.test("Cubic reduces its window when every packet of a round has waited for half a round trip", () => {
  const path = new PathTimes();
  path.sample(50, 0);
  for (const [rttMs, reduces] of [[74, false], [120, true]] as const) {
    const cubic = new Cubic(path);
    cubic.begin(MSS, false);
    cubic.acked(90 * MSS, 0, 50);
    round(cubic, rttMs, 100);
    round(cubic, rttMs, 100 + rttMs);
    assert.equal(cubic.cwndBytes < 100 * MSS, reduces, `${rttMs} ms: ${cubic.cwndBytes}`);
  }
});
