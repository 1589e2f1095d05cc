import assert from "node:assert/strict";
import { type ByteStream, streamPair } from "../stream/mod.ts";
import { tcpPair } from "../stream/testing/mod.ts";
import { splice } from "./splice.ts";

/** Two outer ends with a splice between them. */
async function spliced() {
  const [a, left] = await tcpPair();
  const [b, right] = await tcpPair();
  return { left, right, done: splice(a, b) };
}

async function readAll(stream: ByteStream): Promise<number> {
  let total = 0;
  for (let chunk = await stream.read(); chunk !== null; chunk = await stream.read()) {
    total += chunk.length;
  }
  return total;
}

Deno.test("splice() carries a request, its FIN, and the late reply (agent 26, client 46)", async () => {
  const { left, right, done } = await spliced();
  await left.write(new Uint8Array(7));
  await left.closeWrite();
  assert.equal(await readAll(right), 7);
  await right.write(new Uint8Array(10));
  await right.closeWrite();
  assert.equal(await readAll(left), 10);
  assert.equal(await done, "finished");
});

Deno.test("splice() carries FIN the other way too (agent 27)", async () => {
  const { left, right, done } = await spliced();
  await right.closeWrite();
  assert.equal(await readAll(left), 0);
  await left.write(new Uint8Array(3));
  await left.closeWrite();
  assert.equal(await readAll(right), 3);
  assert.equal(await done, "finished");
});

Deno.test("splice() moves more than any buffer holds", async () => {
  const { left, right, done } = await spliced();
  const sending = left.write(new Uint8Array(20_000_000)).then(() => left.closeWrite());
  assert.equal(await readAll(right), 20_000_000);
  await sending;
  right.close();
  await done;
  left.close();
});

Deno.test("splice() passes a reset on, each way, so that a broken transfer does not look done", async () => {
  for (const from of ["left", "right"] as const) {
    const ends = await spliced();
    const [broken, other] = from === "left" ? [ends.left, ends.right] : [ends.right, ends.left];
    await broken.write(new Uint8Array(5));
    assert.equal((await other.read())?.length, 5);
    const pending = other.read();
    broken.abort();
    await assert.rejects(pending, { code: "ECONNRESET" });
    assert.equal(await ends.done, "broken");
    other.close();
  }
});

Deno.test("splice() ends both sides when one has closed and the other goes on sending", async () => {
  const [a, left] = streamPair();
  const [b, right] = streamPair();
  const done = splice(a, b);
  right.close();
  await left.write(new Uint8Array(5));
  assert.equal(await done, "broken");
  await assert.rejects(left.write(new Uint8Array(5)));
});
