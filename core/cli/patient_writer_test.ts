import assert from "node:assert/strict";
import { ManualClock } from "../clock/mod.ts";
import { PatientWriter } from "./patient_writer.ts";

/** A reader that takes `chunkBytes` at a time, once it is let go. */
function makeReader(chunkBytes: number) {
  const gate = Promise.withResolvers<void>();
  let text = "";
  const write = async (bytes: Uint8Array) => {
    await gate.promise;
    const part = bytes.subarray(0, chunkBytes);
    text += new TextDecoder().decode(part);
    return part.length;
  };
  return { write, go: () => gate.resolve(), text: () => text };
}

Deno.test("PatientWriter writes texts in order, however little is taken at a time", async () => {
  const reader = makeReader(3);
  reader.go();
  const writer = new PatientWriter(reader.write);
  for (let i = 0; i < 100; i++) writer.write(`line ${i}\n`);
  await writer.flush();
  writer.write("late\n");
  await writer.flush();
  const lines = Array.from({ length: 100 }, (_, i) => `line ${i}\n`).join("");
  assert.equal(reader.text(), `${lines}late\n`);
});

Deno.test("PatientWriter keeps 1 MiB for a reader that has stopped, and tells how much is missing", async () => {
  const reader = makeReader(1 << 20);
  const writer = new PatientWriter(reader.write);
  const line = "x".repeat(1023) + "\n";
  for (let i = 0; i < 1500; i++) writer.write(line);
  reader.go();
  await writer.flush();
  assert.equal(reader.text(), line.repeat(1024) + "(476 texts are missing before this)\n");
});

Deno.test("PatientWriter goes on when writing fails for a while", async () => {
  let fault: Error | undefined = new Error("No space left on device");
  let text = "";
  const writer = new PatientWriter((bytes) => {
    if (fault !== undefined) return Promise.reject(fault);
    text += new TextDecoder().decode(bytes);
    return Promise.resolve(bytes.length);
  });
  writer.write("one\n");
  writer.write("two\n");
  await writer.flush();
  fault = undefined;
  writer.write("three\n");
  await writer.flush();
  assert.equal(text, "three\n(2 texts are missing before this)\n");
});

Deno.test("PatientWriter.flush() waits as long as something is taken, and no longer than it is told", async () => {
  const taken: PromiseWithResolvers<void>[] = [];
  const asked: PromiseWithResolvers<void>[] = [0, 1, 2].map(() => Promise.withResolvers<void>());
  const writer = new PatientWriter(async ({ length }) => {
    const { promise } = taken[taken.push(Promise.withResolvers<void>()) - 1]!;
    asked[taken.length - 1]!.resolve();
    await promise;
    return length;
  });
  writer.write("x".repeat(3 * 64 * 1024));
  const clock = new ManualClock();
  let isOver = false;
  const flushing = writer.flush({ clock, patienceMs: 1000 }).then(() => isOver = true);
  for (const i of [0, 1]) {
    await asked[i]!.promise;
    clock.advance(999);
    taken[i]!.resolve();
  }
  await asked[2]!.promise;
  clock.advance(999);
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(isOver, false);
  clock.advance(1);
  await flushing;
  assert.equal(clock.nextTimerMs(), Infinity);
  taken[2]!.resolve();
  await writer.flush({ clock, patienceMs: 1000 });
  assert.equal(clock.nextTimerMs(), Infinity);
});
