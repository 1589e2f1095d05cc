import assert from "node:assert/strict";
import { Cutter } from "./cutter.ts";
import { dial, echo, isGone, readExactly, Target, writeAll } from "./tcp.ts";

Deno.test("Cutter passes on until it is told to cut, and again afterwards", async () => {
  await using target = new Target(echo);
  await using cutter = new Cutter(() => target.port);
  for (let round = 0; round < 3; round++) {
    using connection = await dial(cutter.port);
    await writeAll(connection, new Uint8Array([round]));
    assert.equal((await readExactly(connection, 1))[0], round);
    const read = connection.read(new Uint8Array(1)).catch((error) => {
      if (isGone(error)) return null;
      throw error;
    });
    assert.equal(cutter.cut(), 1);
    assert.equal(await read, null);
    await target.waitForOpen(0);
  }
});

Deno.test("Cutter ends a connection whose target is not there", async () => {
  const target = new Target(echo);
  const { port } = target;
  await target[Symbol.asyncDispose]();
  await using cutter = new Cutter(() => port);
  using connection = await dial(cutter.port);
  assert.equal(await connection.read(new Uint8Array(1)), null);
  assert.equal(cutter.cut(), 0);
});
