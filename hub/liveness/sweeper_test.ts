import assert from "node:assert/strict";
import { ManualClock } from "../../core/clock/mod.ts";
import { Pulse, SWEEP_MS } from "./pulse.ts";
import { Sweeper } from "./sweeper.ts";

function briskPeer(clock: ManualClock) {
  const pulse = new Pulse(clock.nowMs());
  const lost: number[] = [];
  const swept: number[] = [];
  const sweeper = new Sweeper({
    clock,
    all: () => [{ pulse }],
    onSwept: (_, silentMs) => swept.push(silentMs),
    onLost: () => lost.push(clock.nowMs()),
  });
  for (let i = 0; i < 5; i++) {
    pulse.heard();
    pulse.ping(clock.nowMs());
    clock.advance(4000);
  }
  return { pulse, sweeper, lost, swept };
}

Deno.test("Sweeper finds who has fallen silent, and stops when told", () => {
  const clock = new ManualClock();
  const { sweeper, lost, swept } = briskPeer(clock);
  assert.equal(swept.at(-1), 4000 - SWEEP_MS);
  clock.advance(6000);
  assert.deepEqual(lost.map((atMs) => atMs / SWEEP_MS % 1), lost.map(() => 0));
  assert.equal(lost[0], 16_000 + SWEEP_MS + 9000);
  sweeper.stop();
  assert.equal(clock.nextTimerMs(), Infinity);
});

/** A clock that can stand still for its timers while time passes, as for a frozen process. */
class FreezableClock extends ManualClock {
  #frozenMs = 0;

  override nowMs(): number {
    return super.nowMs() + this.#frozenMs;
  }

  freeze(forMs: number): void {
    this.#frozenMs += forMs;
  }
}

Deno.test("Sweeper gives everybody a new start when the process itself was frozen", () => {
  const clock = new FreezableClock();
  const { sweeper, pulse, lost } = briskPeer(clock);
  clock.freeze(600_000);
  clock.advance(8000);
  assert.deepEqual(lost, [], "what the peer sent meanwhile has not been read yet");
  clock.advance(2000);
  assert.ok(lost.length > 0, "but it is not forgiven forever");
  pulse.heard();
  const { length } = lost;
  clock.advance(2000);
  assert.equal(lost.length, length);
  sweeper.stop();
});
