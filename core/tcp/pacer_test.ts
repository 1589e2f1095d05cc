import assert from "node:assert/strict";
import { CongestionControl } from "./congestion.ts";
import { Pacer } from "./pacer.ts";
import { PathTimes } from "./path_times.ts";

const MSS = 1000;

/** A path that is so long, and a window on it, past slow start unless said. */
function view({ leastMs = 100, cwndBytes = 100 * MSS, isStarting = false } = {}) {
  const [congestion, path] = [new CongestionWindow(), new PathTimes()];
  congestion.cwndBytes = cwndBytes;
  congestion.ssthreshBytes = isStarting ? Infinity : cwndBytes;
  path.sample(leastMs, 0);
  return { congestion, path };
}

class CongestionWindow extends CongestionControl {}

/** When each of so many segments goes if each goes as soon as it may, wakeups being `lateMs` late. */
function times(pace: ReturnType<typeof view>, { count = 100, lateMs = 0 } = {}): number[] {
  const pacer = new Pacer();
  const sent: number[] = [];
  for (let nowMs = 1000; sent.length < count;) {
    if (pacer.waits(nowMs)) nowMs = pacer.dueMs + lateMs;
    pacer.sent(MSS, pace, nowMs);
    sent.push(nowMs);
  }
  return sent;
}

const tookMs = (sent: number[]) => sent.at(-1)! - sent[0]!;

Deno.test("Pacer spreads a window over four fifths of a round trip (RFC 9002 7.7)", () => {
  const sent = times(view());
  // The first two milliseconds count as waited for.
  assert.ok(Math.abs(tookMs(sent) - (99 * 0.8 - 2)) < 0.01, `${tookMs(sent)}`);
  const gaps = sent.slice(4).map((atMs, i) => atMs - sent[i + 3]!);
  assert.ok(gaps.every((gapMs) => Math.abs(gapMs - 0.8) < 0.01), `${gaps}`);
});

Deno.test("Pacer spreads a window that is to double over half of a round trip", () => {
  const sent = times(view({ isStarting: true }));
  assert.ok(Math.abs(tookMs(sent) - (99 / 2 - 2)) < 0.01, `${tookMs(sent)}`);
});

Deno.test("Pacer makes up for wakeups that come up to 2 ms late, and no more", () => {
  const [onTimeMs, lateMs, tooLateMs] = [0, 1.9, 10]
    .map((ms) => tookMs(times(view(), { lateMs: ms })));
  assert.ok(Math.abs(lateMs! - onTimeMs!) < 2, `${lateMs} against ${onTimeMs}`);
  assert.ok(tooLateMs! > 2 * onTimeMs!, `${tooLateMs}`);
});

Deno.test("Pacer lets everything go at once on a short path, on one not measured, and before there is a window", () => {
  for (
    const pace of [view({ leastMs: 7.9 }), view({ leastMs: Infinity }), view({ cwndBytes: 0 })]
  ) {
    assert.equal(tookMs(times(pace)), 0);
  }
});

Deno.test("Pacer forgets what it waited for when the path becomes short, or another", () => {
  const pacer = new Pacer();
  for (let i = 0; i < 10; i++) pacer.sent(MSS, view(), 0);
  assert.ok(pacer.waits(0));
  pacer.sent(MSS, view({ leastMs: 1 }), 0);
  assert.ok(!pacer.waits(0));
  for (let i = 0; i < 10; i++) pacer.sent(MSS, view(), 0);
  pacer.pathChanged();
  assert.ok(!pacer.waits(0));
});
