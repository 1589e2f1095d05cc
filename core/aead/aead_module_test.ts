import assert from "node:assert/strict";
import { chacha20Block } from "./_twin.ts";
import { seededBytes } from "./_vectors.ts";
import { encodeAeadModule } from "./aead_module.ts";
import { INPUT_TEXT, KEY, OUTPUT } from "./layout.ts";

type Crypt = (textBytes: number, low: number, high: number) => number;

/** Whether any eight bytes in a row of `secret` are found in `memory`. */
function leaks(memory: Uint8Array, secret: Uint8Array): boolean {
  const text = memory.toHex();
  return Array.from({ length: secret.length / 8 }, (_, i) => secret.subarray(8 * i, 8 * i + 8))
    .some((part) => text.includes(part.toHex()));
}

for (const direction of ["seal", "open"] as const) {
  for (const textBytes of [0, 64, 192, 193, 1100]) {
    Deno.test(`${direction} of ${textBytes} bytes leaves no key in the memory`, () => {
      const { exports } = new WebAssembly.Instance(new WebAssembly.Module(encodeAeadModule()));
      const memory = new Uint8Array((exports.memory as WebAssembly.Memory).buffer);
      const key = seededBytes(1, 32);
      const macKey = chacha20Block(key, new Uint8Array(12), 0);
      memory.set(key, KEY);
      memory.set(seededBytes(2, textBytes), INPUT_TEXT);
      assert.ok(leaks(memory, key));
      (exports[direction] as Crypt)(textBytes, 0, 0);
      assert.ok(!leaks(memory, key));
      assert.ok(!leaks(memory, macKey));
    });
  }
}

for (const textBytes of [0, 1, 191, 192, 193, 1100]) {
  Deno.test(`open of ${textBytes} forged bytes leaves nothing of them in the memory`, () => {
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(encodeAeadModule()));
    const memory = new Uint8Array((exports.memory as WebAssembly.Memory).buffer);
    memory.set(seededBytes(1, 32), KEY);
    memory.set(seededBytes(2, textBytes + 16), INPUT_TEXT);
    assert.equal((exports.open as Crypt)(textBytes, 0, 0), 0);
    assert.ok(memory.subarray(OUTPUT).every((byte) => byte === 0));
  });
}

Deno.test("encodeAeadModule() gives the same bytes each time, fewer than 16 KiB", () => {
  const bytes = encodeAeadModule();
  assert.deepEqual(encodeAeadModule(), bytes);
  assert.ok(bytes.length < 16_384, `${bytes.length} bytes`);
});
