import assert from "node:assert/strict";
import { identity } from "../testing/mod.ts";
import { done, NOW, state } from "./_fixture.ts";
import { addIdentity, removeIdentity } from "./identities.ts";
import { AccessStore, type AuthFile, MemoryAuthFile, StoreBusyError } from "./store.ts";

function setUp() {
  const writes: number[] = [];
  const gates: PromiseWithResolvers<void>[] = [];
  const kept = new MemoryAuthFile(state([identity("owner", "owner")]).auth);
  const file: AuthFile = {
    get auth() {
      return kept.auth;
    },
    commit: async (change) => {
      const steps = change(kept.auth);
      if (steps.length < 2) return;
      writes.push(steps.length - 1);
      const gate = Promise.withResolvers<void>();
      gates.push(gate);
      await gate.promise;
      await kept.commit(() => steps);
    },
    refresh: () => kept.refresh(),
  };
  let changes = 0;
  const store = new AccessStore(file, { onChange: () => void changes++ });
  const add = (id: string) =>
    store.change((before) => addIdentity(before, { id, role: "user", token: id, wallMs: NOW }));
  const written = async (count: number) => {
    while (gates.length < count) await Promise.resolve();
    return gates[count - 1]!;
  };
  return { store, writes, add, written, changes: () => changes };
}

Deno.test("AccessStore writes what waits together, in order, and each sees the one before", async () => {
  const { store, writes, add, written, changes } = setUp();
  const outcomes = [add("a"), add("b"), add("b"), add("c")];
  const first = await written(1);
  assert.equal(store.identities.length, 1, "not in effect before it is on disk");
  first.resolve();
  assert.ok((await outcomes[0]!).done);
  assert.deepEqual([store.identities.length, changes()], [2, 1]);
  (await written(2)).resolve();
  const results = await Promise.all(outcomes);
  assert.deepEqual(results.map((outcome) => outcome.done), [true, true, false, true]);
  assert.deepEqual([writes, changes()], [[1, 2], 2]);
  assert.deepEqual(store.identities.map(({ id }) => id), ["owner", "a", "b", "c"]);
});

Deno.test("AccessStore writes nothing for a refusal, and what fails to be written is undone", async () => {
  const { store, writes, add, written, changes } = setUp();
  const target = { id: "nobody", wallMs: NOW };
  assert.equal((await store.change((before) => removeIdentity(before, target))).done, false);
  assert.deepEqual(writes, []);
  const failing = [add("a"), add("b")];
  (await written(1)).reject(new Error("disk full"));
  await assert.rejects(failing[0]!, /disk full/);
  (await written(2)).resolve();
  done(await failing[1]!);
  assert.deepEqual([store.identities.map(({ id }) => id), changes()], [["owner", "b"], 1]);
});

Deno.test("AccessStore turns away what it has no room for", async () => {
  const { add, written } = setUp();
  const first = add("first");
  const waiting = Array.from({ length: 4096 }, (_, i) => add(`${i}`));
  await assert.rejects(add("one too many"), StoreBusyError);
  assert.equal(new StoreBusyError("x").name, "StoreBusyError");
  for (let i = 1; i <= 17; i++) (await written(i)).resolve();
  assert.ok((await Promise.all([first, ...waiting])).every((outcome) => outcome.done));
});
