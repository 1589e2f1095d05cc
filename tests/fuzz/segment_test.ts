/**
 * From a valid connection in every state, random and mutated segments come in between calls of the
 * application; a checker that knows nothing of the inside watches. `FUZZ_STEPS` makes it longer,
 * `FUZZ_SEED` repeats a run or begins another.
 */
import assert from "node:assert/strict";
import { Rng } from "../simnet/mod.ts";
import { INITIAL_NUMBERS, mutateSegment, pick, randomSegment } from "./mutate.ts";
import { seedFrom, stepsFrom } from "./settings.ts";
import { type Start, STARTS } from "./states.ts";
import { demand } from "./checker.ts";
import { type Draft, Target } from "./target.ts";

const STEPS_PER_CONNECTION = 60;

const MTUS = [128, 540, 1040, 8000] as const;

/** Rounds in which the peer sends data: a whole window. */
const DATA_ROUNDS = 25;

/** Rounds in which a connection finishes unless forged segments have made that impossible. */
const ROUNDS_TO_FINISH = 60;

/** Longest a connection may live after its user has closed it and its peer is silent. */
const MAX_GOODBYE_MS = 600_000;

function step(target: Target, rng: Rng): void {
  switch (rng.below(16)) {
    case 0:
      return target.write(1 + rng.below(8000), { withSyn: rng.below(4) === 0 });
    case 1:
    case 2:
      return target.read(1 + rng.below(8000));
    case 3:
      return target.pass(1 + rng.below(rng.below(4) === 0 ? 5000 : 100));
    case 4:
      if (rng.below(20) === 0) target.pathChanged();
      if (rng.below(5) === 0) target.pause(rng.below(2) === 0);
      if (rng.below(40) === 0) target.close(pick(rng, ["close", "close-write"]));
      return target.setMtu(pick(rng, MTUS));
    case 5: {
      target.note("mutated:");
      const bytes = target.encode(randomSegment(target, rng));
      mutateSegment(bytes, rng);
      return target.inject(bytes);
    }
    default:
      return target.send(randomSegment(target, rng));
  }
}

/** Before anything comes the path changes, and timers run. */
function quietBeginning(target: Target, rng: Rng): void {
  for (let i = 0; i < 6; i++) {
    target.setMtu(pick(rng, MTUS));
    target.write(1 + rng.below(1000), { withSyn: rng.below(2) === 0 });
    target.pass(rng.below(1500));
  }
}

/** The peer says nothing more: the connection must end by itself. */
function silentEnd(target: Target): void {
  target.close("close");
  for (let passed = 0; target.connection.state !== "closed"; passed += 10_000) {
    demand(passed < MAX_GOODBYE_MS, `it stays in ${target.connection.state}`);
    target.pass(10_000);
  }
}

/**
 * The peer behaves from now on: all that was written arrives, and both ends finish in order. It sends
 * some data first: a forged segment ahead of its own may have closed its window, and only what is
 * newer than that opens it again (RFC 9293 §3.10.7.4, SND.WL1). After a forged FIN nothing can, and
 * the application gives up.
 */
function orderlyEnd(target: Target): void {
  const { checker, connection } = target;
  target.close("close-write");
  let forgedFin = false;
  for (let round = 0; connection.state !== "closed"; round++) {
    demand(round < 2 * ROUNDS_TO_FINISH, `an orderly end stays in ${connection.state}`);
    target.read(70_000);
    if (forgedFin && round === ROUNDS_TO_FINISH) target.abort();
    const answer: Draft = { flags: "A", seq: checker.acked, ack: checker.sndMax, window: 60000 };
    if (connection.state === "syn-sent" || checker.acked === 0) {
      // Of what went with the SYN nothing has come, perhaps.
      Object.assign(answer, { flags: "SA", seq: 0, ack: 1 });
    } else if (!connection.finReceived) {
      if (round < DATA_ROUNDS) answer.lengthBytes = 3000;
      else answer.flags = "FA";
    } else if (round < DATA_ROUNDS) forgedFin = true;
    target.send(answer);
    if (connection.synchronised) target.close("close-write");
    acknowledgeAll(target);
    target.pass(500);
  }
}

/** Acknowledges until nothing more comes. */
function acknowledgeAll(target: Target): void {
  const { checker, connection } = target;
  for (let last = -1; checker.sndMax > last && connection.state !== "closed";) {
    last = checker.sndMax;
    target.send({ flags: "A", seq: checker.acked, ack: last, window: 60000 });
  }
}

function run([name, prepare]: Start, rng: Rng): void {
  const target = new Target({
    localIss: pick(rng, INITIAL_NUMBERS),
    peerIss: pick(rng, INITIAL_NUMBERS),
    timestamps: rng.below(4) === 0,
    synData: rng.below(2) === 0,
  });
  try {
    prepare(target);
    assert.equal(target.connection.state, name);
    if (rng.below(4) === 0) quietBeginning(target, rng);
    // Few steps leave the state it began in to the ending.
    const steps = rng.below(4) === 0 ? rng.below(6) : STEPS_PER_CONNECTION;
    for (let i = 0; i < steps; i++) step(target, rng);
    target.pause(false);
    // With timestamps the peer would need to know which forged one was taken last.
    const { state } = target.connection;
    const orderly = rng.below(2) === 0 && !target.timestamps && state !== "closed";
    if (orderly) orderlyEnd(target);
    else silentEnd(target);
    assert.equal(target.connection.state, "closed");
  } catch (error) {
    throw new Error(`Cannot survive from ${name}:\n${target.log.join("\n")}`, { cause: error });
  }
}

Deno.test("a connection survives any segments in any state", () => {
  const seed = seedFrom();
  const connections = Math.ceil(stepsFrom(60_000) / STEPS_PER_CONNECTION);
  for (let i = 0; i < connections; i++) {
    const own = seed + i;
    try {
      run(STARTS[i % STARTS.length]!, new Rng(own));
    } catch (error) {
      const repeat = `FUZZ_SEED=${own - i % STARTS.length}`;
      throw new Error(`Cannot pass with seed ${own} (${repeat} repeats it)`, { cause: error });
    }
  }
});
