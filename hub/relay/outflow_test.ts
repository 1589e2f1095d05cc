import assert from "node:assert/strict";
import { ManualClock } from "../../core/clock/mod.ts";
import { FakeConnection } from "../testing/mod.ts";
import { Outflow } from "./outflow.ts";

const KIB = 1024;

function setUp() {
  const clock = new ManualClock();
  const connection = new FakeConnection();
  return { clock, connection, outflow: new Outflow(connection, clock) };
}

/** "settled" or "pending", after all that is ready has run. */
async function stateOf(promise: Promise<void> | undefined): Promise<string> {
  let state = "pending";
  promise?.then(() => state = "settled");
  for (let turn = 0; turn < 5; turn++) await Promise.resolve();
  return promise === undefined ? "none" : state;
}

Deno.test("Outflow.hold() lets the sender be read while little is queued", () => {
  const { connection, outflow } = setUp();
  connection.stall(256 * KIB);
  assert.equal(outflow.hold(), undefined);
});

Deno.test("Outflow.hold() holds the sender until half of the queue has gone", async () => {
  const { connection, outflow, clock } = setUp();
  connection.stall(256 * KIB + 1);
  const hold = outflow.hold();
  clock.advance(799);
  assert.equal(await stateOf(hold), "pending");
  connection.drainTo(128 * KIB);
  assert.equal(await stateOf(hold), "settled");
  assert.equal(clock.nextTimerMs(), Infinity, "no timer is left");
  assert.ok(outflow.frame(new Uint8Array(3), 0, 3));
});

Deno.test("Outflow drops frames, not texts, once a peer has stalled for 800 ms", async () => {
  const { connection, outflow, clock } = setUp();
  connection.stall(300 * KIB);
  const hold = outflow.hold();
  clock.advance(800);
  assert.equal(await stateOf(hold), "settled");
  assert.equal(outflow.frame(new Uint8Array(3), 0, 3), false);
  outflow.text("kept");
  assert.equal(outflow.droppedFrames, 1);
  assert.deepEqual(connection.sent, ["kept"]);
  assert.equal(outflow.hold(), undefined, "the sender of a dropping peer is read on");
  connection.drainTo(128 * KIB);
  await stateOf(undefined);
  assert.ok(outflow.frame(new Uint8Array(3), 0, 3));
  connection.stall(300 * KIB);
  assert.equal(await stateOf(outflow.hold()), "pending", "and held again the next time");
  connection.drainTo(0);
  await stateOf(undefined);
});

Deno.test("Outflow gives a peer up when texts pile up for it", async () => {
  const { connection, outflow, clock } = setUp();
  connection.stall(300 * KIB);
  outflow.hold();
  clock.advance(800);
  connection.stall(8 * KIB * KIB + 1);
  assert.equal(outflow.hold(), undefined);
  assert.deepEqual(connection.closings, ["abort"]);
  await stateOf(undefined);
});
