import assert from "node:assert/strict";
import { QueueBound } from "./queue_bound.ts";

const MSS = 1000;

/** Bytes a millisecond that the path of the tests delivers. */
const RATE = 1000;

const BASE_MS = 100;

/** Where nothing is found: a queue of half the round-trip time, and the window that builds it. */
const LIMIT_MS = 150;

/** A bound, and a round of a connection with so much in flight on a path that `others` use too. */
function path(others = (_ms: number) => 0) {
  const bound = new QueueBound();
  let nowMs = 0;
  const round = (cwndBytes: number, change: { baseMs?: number; deliveredBytes?: number } = {}) => {
    const rttMs = Math.max(BASE_MS, cwndBytes / RATE) + others(nowMs);
    nowMs += rttMs;
    return bound.round(
      { rttMs, baseMs: BASE_MS, deliveredBytes: cwndBytes, cwndBytes, mssBytes: MSS, ...change },
      nowMs,
    );
  };
  round(MSS);
  return { bound, round };
}

Deno.test("QueueBound reduces the window to 70 % of what the limit allows, and keeps it if that helped", () => {
  const { round } = path();
  assert.equal(round(LIMIT_MS * RATE), LIMIT_MS * RATE);
  const kept = round(200 * RATE);
  assert.ok(Math.abs(kept - 0.7 * LIMIT_MS * RATE) < 1, `${kept}`);
  // What was under way comes back late, and only what follows says whether it helped.
  assert.equal(round(200 * RATE), 200 * RATE);
  assert.equal(round(kept), kept);
  assert.equal(round(kept), kept);
});

Deno.test("QueueBound takes half of the window at most, as a stall looks like a queue", () => {
  const { round } = path();
  assert.equal(round(1000 * RATE), 500 * RATE);
});

Deno.test("QueueBound gives the window back where the queue is of others, and lets half as much more come", () => {
  const { round } = path(() => 200);
  const kept = round(100 * RATE);
  assert.ok(kept < 100 * RATE);
  round(kept);
  const given = round(kept);
  assert.equal(given, 100 * RATE);
  assert.equal(round(given), given);
  // It was accepted as a path of 300 ms: 450 ms are too much again.
  assert.ok(round(260 * RATE) < 260 * RATE);
});

Deno.test("QueueBound asks again ten seconds later, when the others may have gone", () => {
  const { round } = path((nowMs) => nowMs < 2000 ? 300 : 50);
  const cwnd = 120 * RATE;
  assert.equal(round(round(round(cwnd))), cwnd);
  let rounds = 0;
  while (round(cwnd) === cwnd && rounds < 1000) rounds++;
  assert.ok(rounds > 50 && rounds < 70, `${rounds}`);
});

Deno.test("QueueBound leaves alone what does not use its window, and a path not measured yet", () => {
  const { round } = path();
  const cwnd = 400 * RATE;
  assert.equal(round(cwnd, { deliveredBytes: cwnd / 5 }), cwnd);
  assert.equal(round(cwnd, { baseMs: Infinity }), cwnd);
});

Deno.test("QueueBound tolerates 10 ms of queue on any path, and keeps four segments", () => {
  const bound = new QueueBound();
  const cwndBytes = 8 * MSS;
  const round = (rttMs: number, nowMs: number) =>
    bound.round({ rttMs, baseMs: 1, deliveredBytes: cwndBytes, cwndBytes, mssBytes: MSS }, nowMs);
  round(11, 0);
  assert.equal(round(11, 10), cwndBytes);
  assert.equal(round(60, 70), 4 * MSS);
});

Deno.test("QueueBound forgets a trial when the path changes", () => {
  const { bound, round } = path();
  const kept = round(300 * RATE);
  bound.pathChanged();
  assert.ok(round(300 * RATE) < 300 * RATE);
  assert.ok(kept < 300 * RATE);
});

Deno.test("QueueBound lets a reduction after a loss show before it judges", () => {
  const { bound, round } = path();
  const cwnd = 300 * RATE;
  assert.ok(round(cwnd) < cwnd);
  bound.lossDetected();
  assert.equal(round(cwnd), cwnd);
  assert.equal(round(cwnd), cwnd);
  assert.ok(round(cwnd) < cwnd);
});
