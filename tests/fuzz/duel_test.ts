/**
 * Two connections open, passively or both at once, while segments are lost, overtake each other and
 * come again, memory is there and is not, and both applications write, read and finish. Then all is
 * good: everything must arrive, once, both must end, and no empty segments go back and forth.
 */
import assert from "node:assert/strict";
import { Rng } from "../simnet/mod.ts";
import { demand } from "./checker.ts";
import { End } from "./duel.ts";
import { INITIAL_NUMBERS, pick } from "./mutate.ts";
import { seedFrom, stepsFrom } from "./settings.ts";

const STEPS_PER_DUEL = 30;

/** Longest that both need to finish on a good path: a backed-off timeout, and some data. */
const MAX_CALM_MS = 400_000;

/** Both look at their application so often, in ms. */
const TICK_MS = 50;

/** Empty segments in the calm beyond two for each other one: probes, challenges, window updates. */
const SPARE_EMPTY = 60;

interface Duel {
  nowMs: number;
  readonly ends: readonly [End, End];
}

function begin(rng: Rng): Duel {
  const tcp = {
    synData: true,
    timestamps: rng.below(3) === 0,
    receiveBufferBytes: pick(rng, [1024, 5000, 70_000]),
    sendBufferBytes: pick(rng, [1024, 20_000, 70_000]),
    timeWaitMs: 1000,
  };
  const [first, second] = [[40000, 80], [80, 40000]].map((ports) =>
    new End({
      ports: ports as [number, number],
      iss: pick(rng, INITIAL_NUMBERS),
      mtuBytes: pick(rng, [128, 300, 1040, 8000]),
      // Peers that do not agree do not lose anything by it.
      tcp: { ...tcp, synData: rng.below(6) > 0 },
      closedSyn: rng.below(5) === 0,
      rng,
    })
  ) as [End, End];
  [first.peer, second.peer] = [second, first];
  first.connection.open(0);
  if (rng.below(3) === 0) second.connection.open(0);
  else second.listening = true;
  return { nowMs: 0, ends: [first, second] };
}

/** Lets time pass, with everything at its time. */
function pass(duel: Duel, ms: number): void {
  const untilMs = duel.nowMs + ms;
  for (let turns = 0;; turns++) {
    demand(turns < 20_000, "there is no end to it");
    const atMs = Math.min(...duel.ends.map((end) => end.nextMs));
    if (atMs > untilMs) break;
    duel.nowMs = Math.max(duel.nowMs, atMs);
    for (const end of duel.ends) end.run(duel.nowMs);
  }
  duel.nowMs = untilMs;
  for (const end of duel.ends) end.run(untilMs);
}

function step(duel: Duel, rng: Rng): void {
  const end = pick(rng, duel.ends);
  switch (rng.below(8)) {
    case 0:
    case 1:
    case 2:
      end.write(1 + rng.below(pick(rng, [3000, 40_000])));
      break;
    case 3:
      end.read(1 + rng.below(5000));
      break;
    case 4:
      end.connection.setMtu(pick(rng, [128, 540, 1040, 8000]));
      break;
    case 5:
      if (rng.below(4) === 0) end.connection.pathChanged(duel.nowMs);
      if (rng.below(6) === 0) end.connection.closeWrite();
      end.starved = rng.below(2) === 0;
      break;
    default:
      pass(duel, rng.below(rng.below(6) === 0 ? 1500 : 60));
  }
  for (const one of duel.ends) one.run(duel.nowMs);
}

/** The path is good from now on: both write a last word, and finish. */
function calm(duel: Duel): void {
  const { ends } = duel;
  const before = ends.map(({ emptySent, fullSent }) => ({ emptySent, fullSent }));
  // What the storm has left on the way is answered, too.
  const leftOver = ends.reduce((sum, end) => sum + end.underWay, 0);
  for (const end of ends) end.storm = end.starved = false;
  const untilMs = duel.nowMs + MAX_CALM_MS;
  const over = () => ends.every(({ connection }) => connection.state === "closed");
  while (!over()) {
    const states = ends.map(({ connection }) => connection.state).join(" and ");
    demand(duel.nowMs < untilMs, `they stay in ${states}`);
    for (const end of ends) {
      end.read(100_000);
      if (end.connection.synchronised) end.connection.closeWrite();
    }
    pass(duel, TICK_MS);
  }
  for (const [i, end] of ends.entries()) {
    const full = ends.reduce((sum, one, j) => sum + one.fullSent - before[j]!.fullSent, leftOver);
    const empty = end.emptySent - before[i]!.emptySent;
    demand(empty <= 2 * full + SPARE_EMPTY, `${empty} empty segments beside ${full} others`);
    end.read(100_000);
    assert.equal(end.connection.failure, undefined);
    assert.equal(end.received, end.peer!.written);
    assert.equal(end.lentBytes, 0);
  }
}

Deno.test("two connections that storm and calm leave nothing undone, however they opened", () => {
  const seed = seedFrom();
  const duels = Math.ceil(stepsFrom(30_000) / STEPS_PER_DUEL);
  for (let i = 0; i < duels; i++) {
    const rng = new Rng(seed + i);
    try {
      const duel = begin(rng);
      for (let j = 0; j < STEPS_PER_DUEL; j++) step(duel, rng);
      calm(duel);
    } catch (error) {
      throw new Error(`Cannot pass with FUZZ_SEED=${seed + i}`, { cause: error });
    }
  }
});
