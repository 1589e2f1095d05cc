import assert from "node:assert/strict";
import { type ByteStream, streamPair } from "../core/stream/mod.ts";
import { type Departure, HeldStream } from "./held_stream.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

/** Lets everything run that is due. */
const settle = () => new Promise<void>((resolve) => setTimeout(resolve, 0));

async function readText(stream: ByteStream): Promise<string> {
  let text = "";
  for (let chunk = await stream.read(); chunk !== null; chunk = await stream.read()) {
    text += new TextDecoder().decode(chunk);
  }
  return text;
}

function held() {
  const [program, accepted] = streamPair();
  const departures: Departure[] = [];
  const stream = new HeldStream(accepted, (departure) => departures.push(departure));
  return { program, stream, departures };
}

Deno.test("HeldStream gives what came before and after its release, in order", async () => {
  const { program, stream, departures } = held();
  await program.write(bytes("one "));
  await settle();
  await program.write(bytes("two "));
  await settle();
  stream.release();
  const reading = readText(stream);
  await program.write(bytes("three"));
  await program.closeWrite();
  assert.equal(await reading, "one two three");
  assert.deepEqual(departures, []);
});

Deno.test("HeldStream loses nothing when it is released at any moment of an arrival", async () => {
  for (let turns = 0; turns < 8; turns++) {
    const { program, stream } = held();
    const writing = program.write(bytes("x")).then(() => program.closeWrite());
    for (let i = 0; i < turns; i++) await Promise.resolve();
    stream.release();
    assert.equal(await readText(stream), "x", `${turns} turns`);
    await writing;
  }
});

Deno.test("HeldStream notices a program that leaves, and how", async () => {
  for (
    const [leave, how] of [
      ["close", "finished-empty"],
      ["closeWrite", "finished-empty"],
      ["abort", "broken"],
    ] as const
  ) {
    const { program, stream, departures } = held();
    program[leave]();
    await settle();
    assert.deepEqual(departures, [how], leave);
    stream.abort();
  }
  const { program, departures } = held();
  await program.write(bytes("request"));
  program.abort();
  await settle();
  assert.deepEqual(departures, ["broken"], "reset behind data");
});

Deno.test("HeldStream keeps a request that ends in FIN", async () => {
  const { program, stream, departures } = held();
  await program.write(bytes("GET"));
  await program.closeWrite();
  await settle();
  assert.deepEqual(departures, []);
  stream.release();
  assert.equal(await readText(stream), "GET");
});

Deno.test("HeldStream stops reading ahead at its bound", async () => {
  let reads = 0;
  const [, accepted] = streamPair();
  const flood = Object.assign(accepted, {
    read: () => {
      reads++;
      return Promise.resolve(new Uint8Array(16 * 1024));
    },
  });
  const stream = new HeldStream(flood, () => {});
  await settle();
  assert.equal(reads, 4);
  stream.release();
  for (let i = 0; i < 5; i++) assert.equal((await stream.read())?.length, 16 * 1024);
  assert.equal(reads, 5);
});

Deno.test("HeldStream offers what came first to go with the SYN, and leaves out what went", async () => {
  for (const taken of [0, 2, 4]) {
    for (const isEarly of [true, false]) {
      const { program, stream } = held();
      const offered: string[] = [];
      const offer = () =>
        stream.offer((chunk) => {
          offered.push(new TextDecoder().decode(chunk));
          return taken;
        });
      if (isEarly) offer();
      await program.write(bytes("one "));
      await settle();
      if (!isEarly) offer();
      stream.release();
      await program.write(bytes("two"));
      await program.closeWrite();
      assert.equal(await readText(stream), "one two".slice(taken));
      assert.deepEqual(offered, ["one "]);
    }
  }
});

Deno.test("HeldStream offers the same again for another connection, whatever the last one took", async () => {
  const { program, stream } = held();
  await program.write(bytes("one"));
  await settle();
  const offered: string[] = [];
  const offer = (taken: number) =>
    stream.offer((chunk) => {
      offered.push(new TextDecoder().decode(chunk));
      return taken;
    });
  offer(3);
  offer(1);
  stream.release();
  await program.closeWrite();
  assert.equal(await readText(stream), "ne");
  assert.deepEqual(offered, ["one", "one"]);
});
