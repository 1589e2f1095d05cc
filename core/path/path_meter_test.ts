import assert from "node:assert/strict";
import { PathMeter } from "./path_meter.ts";

/** Asks, counts the question as sent, and gives its number. */
function ask(meter: PathMeter, nowMs: number, options?: { isLoaded: boolean }): number {
  const seq = meter.ask(nowMs, options);
  meter.sentPackets++;
  return seq;
}

/** Has its first answers. */
function settled(meter: PathMeter): PathMeter {
  for (let i = 0; i < 4; i++) meter.answer(ask(meter, 0), undefined, 100);
  return meter;
}

Deno.test("PathMeter takes the shortest of the first four round trips", () => {
  const meter = new PathMeter();
  assert.equal(meter.rttMs, undefined);
  const shortest = [90, 20, 20, 20];
  for (const [i, rttMs] of [90, 20, 400, 30].entries()) {
    assert.equal(meter.isSettled, false);
    meter.answer(ask(meter, 0), undefined, rttMs);
    assert.equal(meter.rttMs, shortest[i]);
  }
  assert.equal(meter.isSettled, true);
  assert.equal(meter.deviationMs, 0);
});

Deno.test("PathMeter ignores one round trip that is late, and follows two", () => {
  const meter = settled(new PathMeter());
  assert.equal(meter.rttMs, 100);
  meter.answer(ask(meter, 1_000), undefined, 1_900);
  assert.deepEqual([meter.rttMs, meter.deviationMs], [100, 0]);
  meter.answer(ask(meter, 2_000), undefined, 2_100);
  meter.answer(ask(meter, 3_000), undefined, 3_180);
  assert.deepEqual([meter.rttMs, meter.deviationMs], [140, 20]);
  meter.answer(ask(meter, 4_000), undefined, 4_180);
  assert.deepEqual([meter.rttMs, meter.deviationMs], [160, 25]);
});

Deno.test("PathMeter keeps round trips behind a transfer apart, open ones too, for 10 s", () => {
  const meter = settled(new PathMeter());
  assert.equal(meter.loadedMs(0), undefined);
  const seq = ask(meter, 1_000, { isLoaded: true });
  assert.equal(meter.loadedMs(1_300), 300);
  meter.answer(seq, undefined, 1_900);
  assert.equal(meter.loadedMs(2_000), 900);
  assert.equal(meter.rttMs, 100);
  ask(meter, 2_000, { isLoaded: true });
  assert.equal(meter.loadedMs(2_500), 900);
  assert.equal(meter.loadedMs(3_000), 1_000);
  // The open one is lost by then, and not late.
  assert.equal(meter.loadedMs(12_000), undefined);
});

Deno.test("PathMeter compares the peer's count with ours", () => {
  const meter = new PathMeter();
  // The peer has counted before we began: only differences mean something.
  meter.answer(ask(meter, 0), 5_001, 10);
  assert.equal(meter.loss, undefined);
  meter.sentPackets += 99;
  meter.answer(ask(meter, 1_000), 5_001 + 90, 1_010);
  assert.equal(meter.loss, 0.1);
  for (let i = 0, received = 5_091; i < 30; i++) {
    meter.sentPackets += 99;
    meter.answer(ask(meter, 2_000), received += 100, 2_010);
  }
  assert.ok(meter.loss! < 0.001, `${meter.loss}`);
});

Deno.test("PathMeter leaves out what a peer answers that has not begun to count", () => {
  const meter = new PathMeter();
  meter.answer(ask(meter, 0), 0, 10);
  meter.answer(ask(meter, 0), 1, 10);
  assert.equal(meter.loss, undefined);
  meter.answer(ask(meter, 0), 2, 10);
  assert.equal(meter.loss, 0);
});

Deno.test("PathMeter takes counts that wrap and mistrusts impossible ones", () => {
  const meter = new PathMeter();
  meter.answer(ask(meter, 0), 0xffff_fff0, 10);
  meter.sentPackets += 31;
  meter.answer(ask(meter, 1_000), 16, 1_010);
  assert.equal(meter.loss, 0);
  meter.answer(ask(meter, 2_000), 5_000_000, 2_010);
  assert.equal(meter.loss, 0);
});

Deno.test("PathMeter takes unanswered questions for loss when the peer does not count", () => {
  const meter = new PathMeter();
  for (let i = 0; i < 3; i++) ask(meter, i);
  assert.equal(meter.answer(ask(meter, 3), undefined, 4), true);
  assert.equal(meter.loss, 0.75);
});

Deno.test("PathMeter knows eight open questions, and each answer once", () => {
  const meter = new PathMeter();
  const seqs = Array.from({ length: 9 }, (_, i) => ask(meter, i));
  assert.equal(meter.lastOpenSeq, seqs[8]);
  assert.equal(meter.answer(seqs[0]!, undefined, 10), false);
  assert.equal(meter.answer(seqs[5]!, undefined, 10), true);
  assert.equal(meter.answer(seqs[5]!, undefined, 10), false);
  assert.equal(meter.answer(seqs[4]!, undefined, 10), false);
  assert.equal(meter.answer(seqs[8]!, undefined, 10), true);
  assert.equal(meter.lastOpenSeq, undefined);
});
