import assert from "node:assert/strict";
import { pauseMs, Poller } from "./poller.js";

Deno.test("pauseMs() asks a slow hub and a silent one less often", () => {
  const table: [number, number, number][] = [
    [0, 0, 3000],
    [0, 500, 3000],
    [0, 2000, 10_000],
    [1, 0, 3000],
    [2, 0, 6000],
    [4, 0, 24_000],
    [30, 0, 60_000],
    [0, 100_000, 60_000],
  ];
  for (const [failures, tookMs, expected] of table) {
    assert.equal(pauseMs({ failures, tookMs }), expected);
  }
});

/** A poller whose hub answers when a test says so, with the timers that it has set. */
function rig() {
  const asked: PromiseWithResolvers<void>[] = [];
  const timers = new Map<number, () => void>();
  const waits: (number | undefined)[] = [];
  let made = 0;
  const poller = new Poller({
    ask: () => {
      asked.push(Promise.withResolvers());
      return asked.at(-1)!.promise;
    },
    onAnswer: (failure) => void waits.push(failure?.waitMs),
    now: () => 0,
    setTimer: (fn: () => void) => {
      timers.set(++made, fn);
      return made;
    },
    clearTimer: (timer: number) => void timers.delete(timer),
  });
  return { poller, asked, timers, waits };
}

Deno.test("Poller never asks twice at a time, and once more for what came meanwhile", async () => {
  const { poller, asked, timers } = rig();
  const first = poller.refresh();
  void poller.refresh();
  void poller.refresh();
  assert.equal(asked.length, 1);
  asked[0]!.resolve();
  await asked[0]!.promise;
  await Promise.resolve();
  assert.equal(asked.length, 2);
  asked[1]!.resolve();
  await first;
  assert.deepEqual([asked.length, timers.size], [2, 1]);
});

Deno.test("Poller goes on after failures, later each time, and as usual after an answer", async () => {
  const { poller, asked, timers, waits } = rig();
  const answer = async (error?: Error) => {
    const { promise, resolve, reject } = asked.at(-1)!;
    if (error === undefined) resolve();
    else reject(error);
    await promise.catch(() => {});
    await new Promise((done) => queueMicrotask(() => queueMicrotask(() => done(undefined))));
  };
  void poller.refresh();
  for (let i = 0; i < 2; i++) {
    await answer(new Error("gone"));
    const [[, fire]] = [...timers] as [[number, () => void]];
    fire();
  }
  await answer();
  assert.deepEqual(waits, [3000, 6000, undefined]);
});

Deno.test("Poller does not ask while nobody looks, and at once when somebody does", async () => {
  const { poller, asked, timers } = rig();
  poller.setPaused(true);
  const first = poller.refresh();
  asked[0]!.resolve();
  await first;
  assert.deepEqual([asked.length, timers.size], [1, 0]);
  poller.setPaused(false);
  poller.setPaused(false);
  assert.equal(asked.length, 2);
});
