import assert from "node:assert/strict";
import type { PathKind } from "./kind.ts";
import { PathChoice } from "./path_choice.ts";
import type { PathView } from "./path_view.ts";

const TICK_MS = 250;

/** Paths with a capacity each, over which data flows as long as there is any. */
class Simulation {
  readonly choice = new PathChoice();
  nowMs = 0;
  ackedBytes = 0;
  isBusy = true;
  isWatched = true;
  /** Each change, with its time. */
  readonly changes: string[] = [];
  #current: PathKind | undefined;

  constructor(
    readonly mbits: Partial<Record<PathKind, number>>,
    public paths: PathView[],
  ) {}

  run(forMs: number): this {
    for (const endMs = this.nowMs + forMs; this.nowMs < endMs; this.nowMs += TICK_MS) {
      const mbit = this.#current === undefined ? 0 : this.mbits[this.#current] ?? 0;
      // A tenth more or less each time, as measurements are.
      const bytes = mbit * 1000 / 8 * TICK_MS * (this.nowMs / TICK_MS % 2 === 0 ? 0.9 : 1.1);
      if (this.isBusy) this.ackedBytes += bytes;
      const { paths, ackedBytes, isBusy, isWatched } = this;
      const now = this.choice.choose(this.nowMs, { paths, ackedBytes, isBusy, isWatched });
      if (now !== this.#current) this.changes.push(`${now}@${this.nowMs}`);
      this.#current = now;
    }
    return this;
  }
}

function view(kind: PathKind, rttMs = 1, loss = 0): PathView {
  return { kind, rttMs, loss, noiseMs: 0, loadedMs: undefined, isSettled: true };
}

/** A path that queues, as a WebSocket does whose TCP meets losses. */
function slow(kind: PathKind, rttMs = 50): PathView {
  return { ...view(kind, rttMs), loadedMs: rttMs + 1_500 };
}

Deno.test("PathChoice takes the first path that works", () => {
  const choice = new PathChoice();
  const none = { paths: [], ackedBytes: 0, isBusy: false, isWatched: true };
  assert.equal(choice.choose(0, none), undefined);
  assert.equal(choice.choose(1, { ...none, paths: [view("websocket")] }), "websocket");
});

Deno.test("PathChoice moves a transfer whose path queues to one that carries more within 15 s", () => {
  const paths = [slow("websocket"), view("udp-relay", 50, 0.01)];
  const simulation = new Simulation({ "websocket": 3, "udp-relay": 20 }, paths).run(15_000);
  assert.equal(simulation.choice.current, "udp-relay");
  assert.equal(simulation.changes.length, 2);
  simulation.run(600_000);
  assert.equal(simulation.choice.current, "udp-relay");
});

Deno.test("PathChoice tries nothing in the first 30 s of a transfer that shows no trouble", () => {
  const calm = { ...view("websocket", 10), loadedMs: 59 };
  const paths = [calm, view("udp-relay", 9, 0.01), view("direct", 9)];
  const simulation = new Simulation({ "websocket": 1400 }, paths).run(30_000);
  assert.deepEqual(simulation.changes, ["websocket@0"]);
  simulation.run(2_250);
  assert.deepEqual(simulation.changes, ["websocket@0", "udp-relay@30250", "websocket@32000"]);
});

Deno.test("PathChoice tries another path once a transfer shows loss or a queue", () => {
  for (const trouble of [slow("websocket"), view("websocket", 50, 0.006)]) {
    const simulation = new Simulation({ "websocket": 10, "udp-relay": 20 }, [
      view("websocket", 50),
      view("udp-relay", 50),
    ]).run(10_000);
    assert.equal(simulation.choice.current, "websocket");
    simulation.paths = [trouble, view("udp-relay", 50)];
    simulation.run(2_500);
    assert.deepEqual(simulation.changes, ["websocket@0", "udp-relay@10000"]);
  }
});

Deno.test("PathChoice tries another path soon under a peer that cannot be asked meanwhile", () => {
  const paths = [view("websocket"), view("udp-relay")];
  const simulation = new Simulation({ "websocket": 3, "udp-relay": 20 }, paths);
  simulation.isWatched = false;
  simulation.run(5_000);
  assert.deepEqual(simulation.changes, ["websocket@0", "udp-relay@2250"]);
});

Deno.test("PathChoice tries a path that answers faster, and one that has carried more", () => {
  const paths = [view("websocket", 20), view("direct", 20)];
  const simulation = new Simulation({ "websocket": 10, "direct": 8 }, paths).run(5_000);
  simulation.paths = [view("websocket", 20), view("direct", 3)];
  simulation.run(2_000);
  assert.deepEqual(simulation.changes, ["websocket@0", "direct@5000", "websocket@6750"]);
  simulation.paths = paths;
  simulation.choice.goodputBps.set("direct", 20e6);
  simulation.run(7_000);
  assert.deepEqual(simulation.changes.slice(3), ["direct@11750", "websocket@13500"]);
});

Deno.test("PathChoice stays with a path that it tried if it carries as much and answers faster", () => {
  const paths = [view("websocket", 20)];
  const simulation = new Simulation({ "websocket": 10, "direct": 9.5 }, paths).run(5_000);
  simulation.paths = [...paths, view("direct", 3)];
  simulation.run(30_000);
  assert.deepEqual(simulation.changes, ["websocket@0", "direct@5000"]);
});

Deno.test("PathChoice takes one bad second for chance, and then tries only what has carried more", () => {
  const paths = [view("websocket"), view("udp-relay")];
  const simulation = new Simulation({ "websocket": 100, "udp-relay": 20 }, paths).run(180_000);
  const tried = [...simulation.changes];
  assert.ok(tried.length > 3, "it has been tried more than once");
  for (const mbit of [10, 100, 10, 100, 30]) {
    simulation.mbits.websocket = mbit;
    simulation.run(1_000);
  }
  simulation.run(9_000);
  assert.deepEqual(simulation.changes, tried, "20 is less than 30");
});

Deno.test("PathChoice remembers in the next transfer what its path carried in the last", () => {
  const paths = [view("websocket"), view("udp-relay")];
  const simulation = new Simulation({ "websocket": 100, "udp-relay": 60 }, paths).run(10_000);
  simulation.isBusy = false;
  simulation.run(5_000);
  simulation.isBusy = true;
  simulation.mbits.websocket = 40;
  simulation.run(5_000);
  assert.equal(simulation.choice.current, "udp-relay");
});

Deno.test("PathChoice waits for a path's size before it moves there, unless it must", () => {
  const unsettled = { ...view("udp-relay", 5), isSettled: false };
  const simulation = new Simulation({ "websocket": 10, "udp-relay": 20 }, [
    slow("websocket", 80),
    unsettled,
  ]).run(10_000);
  assert.equal(simulation.choice.current, "websocket");
  simulation.isBusy = false;
  simulation.run(10_000);
  assert.equal(simulation.choice.current, "websocket");
  simulation.paths = [unsettled];
  simulation.run(TICK_MS);
  assert.equal(simulation.choice.current, "udp-relay");
});

Deno.test("PathChoice stays where a troubled transfer is fast, and tries others ever less", () => {
  const paths = [slow("websocket"), view("udp-relay", 50)];
  const simulation = new Simulation({ "websocket": 1000, "udp-relay": 400 }, paths).run(1_800_000);
  assert.equal(simulation.choice.current, "websocket");
  const trials = simulation.changes.filter((change) => change.startsWith("udp-relay")).length;
  // 5, 10, 20, 40, 80, 160 and then 300 s apart.
  assert.ok(trials >= 8 && trials <= 13, `${trials} trials`);
});

Deno.test("PathChoice leaves equal paths alone", () => {
  const paths = [view("websocket"), view("udp-relay"), view("direct")];
  const mbits = { "websocket": 100, "udp-relay": 100, "direct": 100 };
  const simulation = new Simulation(mbits, paths).run(120_000);
  assert.equal(simulation.choice.current, "websocket");
});

Deno.test("PathChoice tries another path soon when the one in use gets slow", () => {
  const paths = [view("websocket"), view("udp-relay")];
  const simulation = new Simulation({ "websocket": 100, "udp-relay": 50 }, paths).run(300_000);
  assert.equal(simulation.choice.current, "websocket");
  simulation.mbits.websocket = 10;
  simulation.run(5_000);
  assert.equal(simulation.choice.current, "udp-relay");
});

Deno.test("PathChoice leaves a path that died at once, in a trial too", () => {
  for (const afterMs of [1_000, 2_500, 3_000]) {
    const paths = [slow("websocket", 1), view("udp-relay")];
    const simulation = new Simulation({ "websocket": 100, "udp-relay": 100 }, paths).run(afterMs);
    const dead = simulation.choice.current;
    simulation.paths = paths.filter(({ kind }) => kind !== dead);
    simulation.run(TICK_MS);
    assert.equal(simulation.choice.current, simulation.paths[0]!.kind);
    simulation.paths = [];
    simulation.run(TICK_MS);
    assert.equal(simulation.choice.current, undefined);
  }
});

Deno.test("PathChoice goes back when a transfer ends within a trial", () => {
  const paths = [slow("websocket", 1), view("udp-relay")];
  const simulation = new Simulation({ "websocket": 100, "udp-relay": 100 }, paths).run(2_750);
  assert.equal(simulation.choice.current, "udp-relay");
  simulation.isBusy = false;
  simulation.run(TICK_MS);
  assert.equal(simulation.choice.current, "websocket");
});

Deno.test("PathChoice moves an idle tunnel to where answers come clearly faster", () => {
  const idle = (paths: PathView[]) => {
    const simulation = new Simulation({}, paths);
    simulation.isBusy = false;
    return simulation.run(10_000).choice.current;
  };
  assert.equal(idle([view("websocket", 80), view("udp-relay", 60)]), "udp-relay");
  assert.equal(idle([view("websocket", 80), view("udp-relay", 60, 0.1)]), "websocket");
  // Within what one of them varies.
  const jittery = { ...view("websocket", 80), noiseMs: 20 };
  assert.equal(idle([jittery, view("udp-relay", 60)]), "websocket");
  assert.equal(
    idle([view("websocket", 80), { ...view("udp-relay", 60), noiseMs: 20 }]),
    "websocket",
  );
  assert.equal(idle([jittery, view("udp-relay", 59)]), "udp-relay");
  // Less than schedulers make, a few percent, or not measured yet.
  assert.equal(idle([view("websocket", 2), view("udp-relay", 0.5)]), "websocket");
  assert.equal(idle([view("websocket", 80), view("udp-relay", 75)]), "websocket");
  assert.equal(idle([view("websocket", NaN), view("udp-relay", 5)]), "websocket");
});

Deno.test("PathChoice answers by the path that the peer's data comes by, while it comes", () => {
  const choice = new PathChoice();
  const paths = [view("websocket", 10), view("udp-relay", 80)];
  const idle = { paths, ackedBytes: 0, isBusy: false, isWatched: true };
  assert.equal(choice.choose(0, idle), "websocket");
  assert.equal(choice.choose(250, { ...idle, peerUses: "udp-relay" }), "udp-relay");
  assert.equal(choice.choose(5_000, idle), "udp-relay");
  assert.equal(choice.choose(5_500, idle), "udp-relay");
  assert.equal(choice.choose(8_000, idle), "websocket");
  // One that does not work is not followed.
  assert.equal(choice.choose(8_250, { ...idle, peerUses: "direct" }), "websocket");
});

Deno.test("PathChoice remembers what a path carried when it is idle again", () => {
  const paths = [view("websocket", 10), view("udp-relay", 5)];
  const simulation = new Simulation({ "websocket": 1000, "udp-relay": 100 }, paths.slice(0, 1));
  simulation.run(TICK_MS).paths = paths;
  simulation.run(20_000);
  assert.equal(simulation.choice.current, "websocket");
  simulation.isBusy = false;
  simulation.run(60_000);
  assert.equal(simulation.choice.current, "websocket");
});

Deno.test("PathChoice tries a path that comes up in the middle of a transfer soon", () => {
  const paths = [view("websocket"), view("udp-relay")];
  const mbits = { "websocket": 100, "udp-relay": 50, "direct": 300 };
  const simulation = new Simulation(mbits, paths).run(600_000);
  simulation.paths = [view("websocket", 10), view("udp-relay", 10), view("direct", 2)];
  simulation.run(2_500);
  assert.equal(simulation.choice.current, "direct");
});
