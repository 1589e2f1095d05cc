import assert from "node:assert/strict";
import { ManualClock } from "../core/clock/mod.ts";
import { createLog } from "../core/log/mod.ts";
import { keepConnected, type LiveSession } from "./reconnect.ts";

const settle = () => new Promise<void>((resolve) => setTimeout(resolve, 0));

/** Half of the random range: no jitter. */
const middle = (out: Uint8Array) => void out.set([0x80, 0, 0, 0]);

class FatalError extends Error {}
class AnswerError extends Error {}

/** A loop whose attempts end as `outcomes` say; `live` are the sessions that came up. */
function loop(
  outcome: (attempt: number) => "up" | Error,
  { waits = () => false }: { waits?: () => boolean } = {},
) {
  const clock = new ManualClock(0);
  const lines: string[] = [];
  const write = (line: string) => void lines.push(line.slice(line.indexOf("]") + 2));
  const controller = new AbortController();
  const live: { end(reason: string): void }[] = [];
  let closed = 0;
  let attempts = 0;
  const open = (): Promise<LiveSession> => {
    const result = outcome(attempts++);
    if (result instanceof Error) return Promise.reject(result);
    const lost = Promise.withResolvers<string>();
    live.push({ end: lost.resolve });
    return Promise.resolve({ lost: lost.promise });
  };
  const done = keepConnected({
    open,
    close: () => closed++,
    waits,
    isAnswer: (error) => error instanceof AnswerError,
    isFatal: (error) => error instanceof FatalError,
    clock,
    random: middle,
    log: createLog({ component: "tela", write, clock }),
    signal: controller.signal,
  });
  return {
    done,
    clock,
    lines,
    live,
    stop: () => controller.abort(),
    attempts: () => attempts,
    closed: () => closed,
  };
}

const delays = (lines: string[]) => lines.map((line) => Number(/in ([\d.]+) s$/.exec(line)![1]));

Deno.test("keepConnected() waits 3, 6, 12 … 300 s between failures (client 47, wire 49)", async () => {
  const { done, clock, lines, stop, attempts } = loop(() => new Error("Cannot reach hub: refused"));
  const schedule = [3, 6, 12, 24, 48, 96, 192, 300, 300];
  for (const [i, seconds] of schedule.entries()) {
    await settle();
    assert.equal(attempts(), i + 1);
    clock.advance(seconds * 1000 - 10);
    await settle();
    assert.equal(attempts(), i + 1);
    clock.advance(20);
  }
  await settle();
  assert.deepEqual(delays(lines), [...schedule, 300]);
  assert.equal(lines[0], "Cannot reach hub: refused; next attempt in 3 s");
  stop();
  await done;
});

Deno.test("keepConnected() starts over only after a session that was up", async () => {
  const { done, clock, lines, live, stop } = loop((
    n,
  ) => (n === 2 ? "up" : new Error("lost early")));
  await settle();
  clock.advance(3_001);
  await settle();
  clock.advance(6_001);
  await settle();
  assert.equal(live.length, 1);
  live[0]!.end("agent session ended");
  await settle();
  clock.advance(3_001);
  await settle();
  assert.deepEqual(delays(lines), [3, 6, 3, 6]);
  assert.equal(lines[2], "Session ended: agent session ended; next attempt in 3 s");
  stop();
  await done;
});

Deno.test("keepConnected() throws a fatal error at once (client 48)", async () => {
  const { done, lines, clock } = loop(() => new FatalError("no such token"));
  await assert.rejects(done, { message: "no such token" });
  assert.deepEqual(lines, []);
  assert.equal(clock.nextTimerMs(), Infinity);
});

Deno.test("keepConnected() ends when stopped during a wait or a session (client 52)", async () => {
  const waiting = loop(() => new Error("down"));
  await settle();
  waiting.stop();
  await waiting.done;
  assert.equal(waiting.clock.nextTimerMs(), Infinity);
  const up = loop(() => "up");
  await settle();
  up.stop();
  await up.done;
  assert.equal(up.closed(), 1);
  assert.deepEqual(up.lines, []);
});

Deno.test("keepConnected() is back at once, and every 3 s at the latest, while connections wait", async () => {
  let waiting = true;
  const { clock, lines, live, stop, done } = loop((n) => (n === 0 ? "up" : new Error("refused")), {
    waits: () => waiting,
  });
  await settle();
  clock.advance(5000);
  live[0]!.end("cut");
  for (const delayMs of [0, 200, 500, 1000, 2000, 3000, 3000]) {
    await settle();
    clock.advance(delayMs + 10);
  }
  await settle();
  assert.equal(lines[0], "Connection to the hub dropped: cut; next attempt now");
  assert.deepEqual(delays(lines.slice(1)), [0.2, 0.5, 1, 2, 3, 3, 3]);
  waiting = false;
  lines.length = 0;
  clock.advance(3010);
  await settle();
  assert.deepEqual(delays(lines), [300]);
  stop();
  await done;
});

Deno.test("keepConnected() hurries again when the hub is back, but not to one that drops it at once", async () => {
  const outcomes = [
    "up",
    ...["down", "down", "down", "down", "down"].map((text) => new Error(text)),
    ...["not found", "not found"].map((text) => new AnswerError(text)),
    "up",
  ] as const;
  const { clock, lines, live, stop, done } = loop((n) => outcomes[n] ?? new Error("down"), {
    waits: () => true,
  });
  await settle();
  live[0]!.end("cut within a second");
  for (const delayMs of [200, 500, 1000, 2000, 3000, 3000, 200, 500]) {
    await settle();
    clock.advance(delayMs + 10);
  }
  await settle();
  live[1]!.end("cut within a second");
  await settle();
  assert.deepEqual(delays(lines), [0.2, 0.5, 1, 2, 3, 3, 0.2, 0.5, 0.2]);
  stop();
  await done;
});
