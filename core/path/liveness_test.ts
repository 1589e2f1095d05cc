import assert from "node:assert/strict";
import { Liveness } from "./liveness.ts";

/** Runs until `untilMs` in steps of 50 ms; gives what was due, with the time. */
function run(liveness: Liveness, fromMs: number, untilMs: number): string[] {
  const log: string[] = [];
  for (let nowMs = fromMs; nowMs <= untilMs; nowMs += 50) {
    for (let due = liveness.poll(nowMs); due; due = liveness.poll(nowMs)) {
      log.push(`${due}@${nowMs}`);
    }
  }
  return log;
}

/** A path that was asked and answered at 0. */
function up(): Liveness {
  const liveness = new Liveness(0);
  assert.deepEqual(run(liveness, 0, 0), ["probe@0"]);
  liveness.answered(0, 10);
  return liveness;
}

Deno.test("Liveness asks at once, and again each second until it gives up", () => {
  const liveness = new Liveness(0);
  assert.equal(liveness.state, "probing");
  assert.deepEqual(run(liveness, 0, 6_000), [
    ...["probe@0", "probe@1000", "probe@2000", "probe@3000", "probe@4000"],
    "died@5000",
  ]);
  assert.equal(liveness.state, "down");
});

Deno.test("Liveness asks an idle path every 4 s while it answers", () => {
  const liveness = up();
  assert.deepEqual(run(liveness, 50, 4_000), ["probe@4000"]);
  liveness.answered(4_020, 20);
  assert.deepEqual(run(liveness, 4_050, 8_050), ["probe@8050"]);
});

Deno.test("Liveness notices death within 10 s of it, whenever it comes", () => {
  for (let deathMs = 0; deathMs <= 4_000; deathMs += 100) {
    const liveness = up();
    liveness.heard(deathMs);
    const died = run(liveness, deathMs, deathMs + 10_000).find((due) => due.startsWith("died"));
    assert.equal(died, `died@${deathMs + 9_000}`);
  }
});

Deno.test("Liveness asks nothing while data arrives", () => {
  const liveness = up();
  for (let nowMs = 0; nowMs < 60_000; nowMs += 1_000) {
    liveness.heard(nowMs);
    assert.deepEqual(run(liveness, nowMs, nowMs + 950), []);
  }
});

Deno.test("Liveness takes no arrivals for an answer, but acknowledgements", () => {
  const deaf = up();
  assert.deepEqual(run(deaf, 50, 4_000), ["probe@4000"]);
  const progressing = up();
  assert.deepEqual(run(progressing, 50, 4_000), ["probe@4000"]);
  for (let nowMs = 4_050; nowMs <= 9_000; nowMs += 50) {
    deaf.heard(nowMs);
    progressing.progressed(nowMs);
    deaf.poll(nowMs);
    assert.equal(progressing.poll(nowMs), undefined);
  }
  assert.equal(deaf.state, "down");
  assert.equal(progressing.state, "up");
});

Deno.test("Liveness.stalled() asks although data arrives, once in 2 s", () => {
  const liveness = up();
  liveness.heard(3_000);
  liveness.stalled(3_000);
  assert.deepEqual(run(liveness, 3_000, 3_000), ["probe@3000"]);
  liveness.answered(3_010, 10);
  liveness.stalled(4_000);
  assert.deepEqual(run(liveness, 4_000, 4_950), []);
  liveness.stalled(5_000);
  assert.deepEqual(run(liveness, 5_000, 5_000), ["probe@5000"]);
});

Deno.test("Liveness.wanted() asks a path that was silent for a second", () => {
  const liveness = up();
  liveness.wanted(999);
  assert.deepEqual(run(liveness, 1_000, 1_000), []);
  liveness.wanted(1_000);
  assert.deepEqual(run(liveness, 1_000, 1_000), ["probe@1000"]);
});

Deno.test("Liveness.peerAsks() asks too if the way out may be broken, or the path up", () => {
  const liveness = up();
  liveness.heard(2_000);
  liveness.peerAsks(2_000, { again: false });
  assert.deepEqual(run(liveness, 2_000, 2_000), []);
  liveness.peerAsks(2_000, { again: true });
  assert.deepEqual(run(liveness, 2_000, 2_000), ["probe@2000"]);
  const unknown = new Liveness(0);
  unknown.poll(0);
  unknown.peerAsks(50, { again: false });
  assert.deepEqual(run(unknown, 50, 950), ["probe@100"]);
});

Deno.test("Liveness.probeNow() forgives what was not answered in sleep", () => {
  const liveness = up();
  assert.deepEqual(run(liveness, 50, 4_000), ["probe@4000"]);
  liveness.probeNow(600_000);
  assert.deepEqual(run(liveness, 600_000, 600_900), ["probe@600000"]);
  assert.equal(liveness.state, "up");
  assert.deepEqual(run(liveness, 600_950, 605_000).at(-1), "died@605000");
});

Deno.test("Liveness asks a path that is down ever less, and takes an answer at any time", () => {
  const liveness = up();
  liveness.failed(1_000);
  const first = run(liveness, 1_050, 61_000);
  assert.equal(first.length, 30);
  assert.equal(run(liveness, 61_050, 121_000).length, 4);
  liveness.answered(121_000, 10);
  assert.equal(liveness.state, "up");
});

Deno.test("Liveness.doubt() leaves a path out until it answers again", () => {
  const liveness = up();
  liveness.doubt(100);
  assert.equal(liveness.state, "probing");
  assert.deepEqual(run(liveness, 100, 100), ["probe@100"]);
  liveness.answered(120, 20);
  assert.equal(liveness.state, "up");
});
