import assert from "node:assert/strict";
import { seededRandom } from "./_pair.ts";
import { ReplayWindow } from "./replay_window.ts";
import { REPLAY_WINDOW_BITS } from "./tuning.ts";

const REACH = REPLAY_WINDOW_BITS - 32;
const TWO_32 = 2 ** 32;

function receive(window: ReplayWindow, high: number, low: number): boolean {
  const isNew = window.isNew(high, low);
  if (isNew) window.mark(high, low);
  return isNew;
}

Deno.test("ReplayWindow covers at least 2,048 counters", () => assert.ok(REACH >= 2_048));

Deno.test("ReplayWindow accepts each counter once, in any order within its reach", () => {
  const window = new ReplayWindow();
  const steps: [counter: number, verdict: boolean][] = [
    [0, true],
    [1, true],
    [1, false],
    [0, false],
    [9, true],
    [8, true],
    [7, true],
    [7, false],
    [32, true],
    [31, true],
    [31, false],
    [REACH, true],
    [1, false], // one more behind than the window reaches, or seen: both refuse
    [2, true],
    [2, false],
    [REACH + 16, true],
    [3, false],
    [16, false], // exactly REACH behind
    [17, true],
    [17, false],
    [REACH * 4, true],
    [REACH * 3, false],
    [REACH * 3 + 1, true],
    [REACH * 4 - 1, true],
    [REACH * 4, false],
  ];
  for (const [counter, verdict] of steps) {
    assert.equal(receive(window, 0, counter), verdict, `counter ${counter}`);
  }
});

Deno.test("ReplayWindow accepts the first counter whatever it is", () => {
  assert.ok(receive(new ReplayWindow(), 0xffff_ffff, 0xffff_dffe));
  assert.ok(receive(new ReplayWindow(), 0, 5_000_000));
});

Deno.test("ReplayWindow passes from the low to the high half", () => {
  const window = new ReplayWindow();
  assert.ok(receive(window, 0, TWO_32 - 2));
  assert.ok(receive(window, 1, 3));
  assert.ok(receive(window, 0, TWO_32 - 1));
  assert.ok(receive(window, 1, 0));
  for (const [high, low] of [[0, TWO_32 - 2], [1, 3], [0, TWO_32 - 1], [1, 0]] as const) {
    assert.equal(receive(window, high, low), false);
  }
  assert.ok(receive(window, 0xffff_ffff, 0));
  assert.equal(receive(window, 0xffff_fffe, 0xffff_0000), false);
  assert.ok(receive(window, 0xffff_fffe, 0xffff_ffff));
});

Deno.test("ReplayWindow.isNew() changes nothing", () => {
  const window = new ReplayWindow();
  assert.ok(window.isNew(7, 7));
  assert.ok(window.isNew(0, 0));
});

Deno.test("ReplayWindow agrees with a set of all counters (seed 3)", () => {
  const window = new ReplayWindow();
  const seen = new Set<number>();
  const random = seededRandom(3);
  const bytes = new Uint8Array(4);
  let highest = 0;
  for (let i = 0; i < 50_000; i++) {
    random(bytes);
    // Mostly near the highest, at times far ahead; starts just below the step to the high half.
    const spread = bytes[2]! < 8 ? 40_000 : bytes[2]! < 128 ? 12_000 : 300;
    const offset = (bytes[0]! | bytes[1]! << 8) % spread - Math.floor(spread * 0.8);
    const counter = Math.max(highest, TWO_32 - 100_000) + offset;
    const expected = counter > highest || counter > highest - REACH && !seen.has(counter);
    assert.equal(receive(window, Math.floor(counter / TWO_32), counter % TWO_32), expected);
    seen.add(counter);
    highest = Math.max(highest, counter);
  }
  assert.ok(highest > TWO_32);
});
