import assert from "node:assert/strict";
import { chacha20Block } from "./_twin.ts";
import { bytesOf, seededBytes, VECTORS } from "./_vectors.ts";
import { encodeModule, FunctionBuilder, i32, sequence } from "./assembler.ts";
import { ChaCha20 } from "./chacha20.ts";
import { BLOCK_BYTES, GROUP_BYTES, INPUT, KEY, MEMORY_PAGES, OUTPUT } from "./layout.ts";

/** A function (low, high) that encrypts two groups: blocks 0 to 7. */
function assemble(): { memory: Uint8Array; run: (low: number, high: number) => number } {
  const f = new FunctionBuilder();
  const low = f.parameter("i32");
  const high = f.parameter("i32");
  const chacha = new ChaCha20(f);
  const body = sequence(
    chacha.begin(low.get(), high.get()),
    chacha.group(i32.const(0), sequence()),
    chacha.group(i32.const(GROUP_BYTES), sequence()),
  );
  const bytes = encodeModule([f.build("run", body, i32.const(0))], MEMORY_PAGES);
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes));
  return {
    memory: new Uint8Array((exports.memory as WebAssembly.Memory).buffer),
    run: exports.run as (low: number, high: number) => number,
  };
}

const { memory, run } = assemble();

/** Blocks 0 to 7 of the key stream. The first word of the nonce must be 0. */
function keyStream(key: Uint8Array, nonce: Uint8Array): Uint8Array {
  const view = new DataView(nonce.buffer, nonce.byteOffset);
  memory.set(key, KEY);
  run(view.getUint32(4, true), view.getUint32(8, true));
  return memory.slice(OUTPUT, OUTPUT + 2 * GROUP_BYTES);
}

for (const { name, key, nonce, counter, keyStream: expected } of VECTORS.blocks) {
  Deno.test(`chacha20Block() computes the block of RFC 8439 ${name}`, () => {
    assert.deepEqual(chacha20Block(bytesOf(key), bytesOf(nonce), counter), bytesOf(expected));
  });

  if (!nonce.startsWith("00000000")) continue;
  Deno.test(`ChaCha20.group() computes the block of RFC 8439 ${name}`, () => {
    const blocks = keyStream(bytesOf(key), bytesOf(nonce));
    const at = BLOCK_BYTES * counter;
    assert.deepEqual(blocks.subarray(at, at + BLOCK_BYTES), bytesOf(expected));
  });
}

Deno.test("ChaCha20.group() equals its twin over eight blocks for any key and nonce", () => {
  for (let seed = 1; seed <= 20; seed++) {
    const key = seededBytes(seed, 32);
    const nonce = seededBytes(seed + 100, 12).fill(0, 0, 4);
    const expected = Array.from({ length: 8 }, (_, i) => [...chacha20Block(key, nonce, i)]).flat();
    assert.deepEqual([...keyStream(key, nonce)], expected, `seed ${seed}`);
  }
});

Deno.test("ChaCha20.group() XORs the input into the key stream and leaves the input as it was", () => {
  const [key, nonce] = [seededBytes(3, 32), new Uint8Array(12)];
  const text = seededBytes(4, 2 * GROUP_BYTES);
  const plain = keyStream(key, nonce);
  memory.set(text, INPUT);
  const mixed = keyStream(key, nonce);
  assert.deepEqual(memory.slice(INPUT, INPUT + text.length), text);
  assert.deepEqual(mixed, plain.map((byte, i) => byte ^ text[i]!));
  memory.fill(0);
});
