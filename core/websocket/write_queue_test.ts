import assert from "node:assert/strict";
import type { ByteStream } from "../stream/mod.ts";
import { WriteQueue } from "./write_queue.ts";

/** A stream that notes what each write carries, and takes it when told to. */
class Slow {
  readonly writes: string[] = [];
  readonly #taken: PromiseWithResolvers<void>[] = [];

  write(bytes: Uint8Array): Promise<void> {
    this.writes.push(new TextDecoder().decode(bytes));
    this.#taken.push(Promise.withResolvers<void>());
    return this.#taken.at(-1)!.promise;
  }

  /** The last write has been taken, and what follows from that has happened. */
  async takes(): Promise<void> {
    this.#taken.at(-1)!.resolve();
    await settled();
  }
}

function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function append(queue: WriteQueue, text: string): void {
  const bytes = new TextEncoder().encode(text);
  const room = queue.reserve(bytes.length)!;
  room.bytes.set(bytes, room.offset);
}

Deno.test("WriteQueue sends what one turn appends in one write, and what comes meanwhile in the next", async () => {
  const slow = new Slow();
  const queue = new WriteQueue(slow as unknown as ByteStream);
  for (const text of ["a", "b", "c"]) append(queue, text);
  assert.deepEqual(slow.writes, [], "not before the turn is over");
  await settled();
  assert.deepEqual(slow.writes, ["abc"]);
  for (const text of ["d", "e"]) append(queue, text);
  await settled();
  assert.deepEqual([slow.writes, queue.bufferedBytes], [["abc"], 5], "one write at a time");
  await slow.takes();
  assert.deepEqual([slow.writes, queue.bufferedBytes], [["abc", "de"], 2]);
  await slow.takes();
  assert.equal(queue.bufferedBytes, 0);
});

Deno.test("WriteQueue splits what does not fit into 64 KiB between appended pieces, never within", async () => {
  const slow = new Slow();
  const queue = new WriteQueue(slow as unknown as ByteStream);
  for (const letter of ["a", "b", "c"]) append(queue, letter.repeat(30_000));
  append(queue, "d".repeat(70_000));
  let written = "";
  for (let i = 0; queue.bufferedBytes > 0; i++) {
    await settled();
    written += slow.writes[i]!.replaceAll(/(.)\1*/g, "$1") + " ";
    await slow.takes();
  }
  assert.equal(written, "ab c d ");
});
