import assert from "node:assert/strict";
import { poly1305 } from "./_twin.ts";
import { bytesOf, seededBytes, VECTORS } from "./_vectors.ts";
import { encodeModule, FunctionBuilder, i32, i64, repeatWhile, sequence } from "./assembler.ts";
import { Poly1305 } from "./poly1305.ts";

const KEY = 0;
const TAG = 32;
const TEXT = 64;

/** A function (end) that computes the tag of the text from `TEXT` to `end`. */
function assemble(): { memory: Uint8Array; run: (end: number) => number } {
  const f = new FunctionBuilder();
  const end = f.parameter("i32");
  const at = f.local("i32");
  const poly = new Poly1305(f);
  const [low, high] = poly.tag();
  const body = sequence(
    poly.begin(i32.const(KEY)),
    at.set(i32.const(TEXT)),
    repeatWhile(
      i32.ltU(at.get(), end.get()),
      sequence(poly.absorb(at.get(), 0), at.set(i32.add(at.get(), i32.const(16)))),
    ),
    poly.finish(i32.const(KEY)),
    i64.store(i32.const(TAG), low),
    i64.store(i32.const(TAG), high, 8),
  );
  const bytes = encodeModule([f.build("run", body, i32.const(0))], 1);
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes));
  return {
    memory: new Uint8Array((exports.memory as WebAssembly.Memory).buffer),
    run: exports.run as (end: number) => number,
  };
}

const { memory, run } = assemble();

function tagOf(key: Uint8Array, text: Uint8Array): Uint8Array {
  memory.set(key, KEY);
  memory.set(text, TEXT);
  run(TEXT + text.length);
  return memory.slice(TAG, TAG + 16);
}

for (const { name, key, text, tag } of VECTORS.macs) {
  Deno.test(`poly1305() computes the tag of RFC 8439 ${name}`, () => {
    assert.deepEqual(poly1305(bytesOf(key), bytesOf(text)), bytesOf(tag));
  });

  // The generated code takes whole pieces only, as the AEAD construction feeds it.
  if (bytesOf(text).length % 16 !== 0) continue;
  Deno.test(`Poly1305 computes the tag of RFC 8439 ${name}`, () => {
    assert.deepEqual(tagOf(bytesOf(key), bytesOf(text)), bytesOf(tag));
  });
}

Deno.test("Poly1305 equals its twin for any key and number of pieces", () => {
  for (let seed = 1; seed <= 300; seed++) {
    const key = seededBytes(seed, 32);
    const text = seededBytes(seed + 1000, 16 * (seed % 41));
    assert.deepEqual(tagOf(key, text), poly1305(key, text), `seed ${seed}`);
  }
});

/** Little-endian bytes of `number`. */
function pieceOf(number: bigint): number[] {
  return Array.from({ length: 16 }, (_, i) => Number((number >> BigInt(8 * i)) & 0xffn));
}

const ALL = (1n << 128n) - 1n;

Deno.test("Poly1305 equals its twin when every limb is as large as it can be", () => {
  const numbers = [0n, 1n, 2n, 4n, 5n, 1n << 32n, 1n << 64n, 1n << 96n, ALL >> 1n, ALL - 5n, ALL];
  for (const r of numbers) {
    for (const s of [0n, ALL]) {
      const key = Uint8Array.from([...pieceOf(r), ...pieceOf(s)]);
      for (const number of numbers) {
        for (const pieces of [1, 2, 3, 100]) {
          const text = Uint8Array.from(Array(pieces).fill(pieceOf(number)).flat());
          assert.deepEqual(tagOf(key, text), poly1305(key, text), `${r} ${s} ${number} ${pieces}`);
        }
      }
    }
  }
});

Deno.test("Poly1305 reduces a sum at and around 2^130 - 5", () => {
  const one = Uint8Array.from([...pieceOf(1n), ...pieceOf(0n)]);
  for (let distance = -8n; distance <= 8n; distance++) {
    // With r = 1, three pieces are 3 * 2^128 and the sum of their texts.
    const texts = ALL - 4n + distance;
    const first = texts < ALL ? texts : ALL;
    const text = Uint8Array.from([first, texts - first, 0n].flatMap(pieceOf));
    assert.deepEqual(tagOf(one, text), poly1305(one, text), `distance ${distance}`);
  }
});
