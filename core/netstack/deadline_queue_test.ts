import assert from "node:assert/strict";
import fc from "fast-check";
import { DeadlineQueue, onGrid, type Timed } from "./deadline_queue.ts";

const timed = (): Timed => ({ queuedAtMs: Infinity, queueIndex: -1 });

Deno.test("DeadlineQueue holds what a sorted list of the earliest deadlines holds, in any order of calls", () => {
  const step = fc.tuple(fc.constantFrom("at", "remove", "take"), fc.nat(9), fc.nat(50));
  fc.assert(fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
    const queue = new DeadlineQueue<Timed>();
    const items = Array.from({ length: 10 }, timed);
    const model = new Map<Timed, number>();
    for (const [kind, index, atMs] of steps) {
      const item = items[index]!;
      if (kind === "at") {
        queue.atLatest(item, atMs);
        model.set(item, Math.min(atMs, model.get(item) ?? Infinity));
      } else if (kind === "remove") {
        queue.remove(item);
        model.delete(item);
      } else {
        const due = queue.takeDue(atMs);
        const earliestMs = Math.min(Infinity, ...model.values());
        assert.equal(due !== undefined, earliestMs <= atMs);
        if (due !== undefined) assert.equal(model.get(due), earliestMs);
        if (due !== undefined) model.delete(due);
      }
      assert.equal(queue.size, model.size);
      assert.equal(queue.earliestMs, Math.min(Infinity, ...model.values()));
    }
  }));
});

Deno.test("DeadlineQueue.atLatest() ignores a deadline that never comes, and one later than the queued", () => {
  const queue = new DeadlineQueue<Timed>();
  const item = timed();
  queue.atLatest(item, Infinity);
  assert.equal(queue.size, 0);
  queue.atLatest(item, 5);
  queue.atLatest(item, 9);
  assert.equal(queue.earliestMs, 5);
  assert.equal(queue.takeDue(4), undefined);
  assert.equal(queue.takeDue(5), item);
  assert.equal(queue.size, 0);
});

Deno.test("onGrid() makes deadlines that are far off meet, and none early", () => {
  assert.equal(onGrid(9.5, 0), 9.5, "near: to the moment");
  assert.equal(onGrid(1011, 1000), 1015);
  assert.equal(onGrid(1043, 1000), 1050);
  assert.equal(onGrid(1050, 1000), 1050);
  assert.equal(onGrid(2999, 1000), 3000);
  assert.equal(onGrid(3001, 1000), 3100, "farther: more of them");
  assert.equal(onGrid(Infinity, 1000), Infinity);
});
