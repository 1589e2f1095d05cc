import assert from "node:assert/strict";
import { ManualClock, type Timer } from "../../core/clock/mod.ts";
import { EventLoopLag } from "./event_loop_lag.ts";

/** A clock whose timers fire late. */
class LateClock extends ManualClock {
  lateMs = 0;

  override setTimer(callback: () => void, delayMs: number): Timer {
    return super.setTimer(callback, delayMs + this.lateMs);
  }
}

const valueOf = (lag: EventLoopLag, suffix: string, le?: string) =>
  lag.samples().find((s) => s.suffix === suffix && s.labels?.le === le)?.value;

Deno.test("EventLoopLag measures by how much its timer is late", () => {
  const clock = new LateClock();
  clock.lateMs = 0;
  const lag = new EventLoopLag(clock);
  clock.lateMs = 300;
  clock.advance(500 + 800);
  assert.equal(valueOf(lag, "_count"), 2);
  assert.equal(valueOf(lag, "_bucket", "0.001"), 1);
  assert.equal(valueOf(lag, "_bucket", "0.25"), 1);
  assert.equal(valueOf(lag, "_bucket", "0.5"), 2);
  assert.equal(valueOf(lag, "_sum"), 0.3);
  lag.stop();
  assert.equal(clock.nextTimerMs(), Infinity);
});
