import assert from "node:assert/strict";
import { parseEndpoint } from "../endpoint/mod.ts";
import { Attempt, type AttemptStyle } from "./attempt.ts";

const at = (host: number) => parseEndpoint(`203.0.113.${host}:40001`)!;

/** Times at which an attempt shoots at its only target, and of the probes among the shots. */
function times(style: AttemptStyle): { shots: number[]; probes: number[]; endMs: number } {
  const attempt = new Attempt(style, 1000);
  attempt.add(at(1), 1000);
  const shots: number[] = [];
  const probes: number[] = [];
  let now = 1000;
  for (; !attempt.isOver(now); now = attempt.nextDeadlineMs()) {
    for (const shot of attempt.due(now)) {
      shots.push(now - 1000);
      if (shot.probe) probes.push(now - 1000);
      assert.equal(shot.punch, style === "punches");
    }
  }
  return { shots, probes, endMs: now - 1000 };
}

Deno.test("Attempt probes our own peers ten times in 4.8 s", () => {
  const expected = [0, 100, 200, 400, 800, 1600, 2400, 3200, 4000, 4800];
  assert.deepEqual(times("probes"), { shots: expected, probes: expected, endMs: 5800 });
});

Deno.test("Attempt punches at once and every 100 ms for the full 5 s (wire 57)", () => {
  const shots = Array.from({ length: 51 }, (_, i) => 100 * i);
  const probes = shots.filter((ms) => ms % 500 === 0);
  assert.deepEqual(times("punches"), { shots, probes, endMs: 6000 });
});

Deno.test("Attempt sends one shot for all that were missed", () => {
  const attempt = new Attempt("punches", 0);
  attempt.add(at(1), 0);
  assert.equal(attempt.due(950).length, 1);
  assert.equal(attempt.nextDeadlineMs(), 1000);
});

Deno.test("Attempt bounds named and heard addresses apart", () => {
  const attempt = new Attempt("probes", 0);
  for (let i = 1; i <= 30; i++) attempt.addHeard(at(i), 0);
  for (let i = 101; i <= 130; i++) attempt.add(at(i), 0);
  const hosts = attempt.due(0).map(({ to }) => Number(to.host.split(".")[3]));
  assert.deepEqual(hosts, [1, 2, 3, 4, ...Array.from({ length: 16 }, (_, i) => 101 + i)]);
  attempt.settle(at(1));
  assert.equal(attempt.due(100).length, 19);
});

Deno.test("Attempt is over at once without a target", () => {
  const attempt = new Attempt("probes", 5);
  assert.equal(attempt.nextDeadlineMs(), 5);
  assert.equal(attempt.isOver(5), true);
});
