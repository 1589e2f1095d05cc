import assert from "node:assert/strict";
import { seededBytes } from "./_vectors.ts";
import { NativeCipher } from "./native_cipher.ts";
import { WasmCipher } from "./wasm_cipher.ts";

const KEY = seededBytes(1, 32);
const ciphers = { "node:crypto": new NativeCipher(KEY), WasmCipher: new WasmCipher(KEY) };

for (const textBytes of [0, 64, 1100, 1420, 4096, 16_384, 32_768, 65_536]) {
  const plain = seededBytes(textBytes, textBytes + 16);
  const sealed = plain.slice();
  ciphers["node:crypto"].seal(0, 7, sealed, 0, textBytes);
  const bytes = new Uint8Array(textBytes + 16);

  for (const [name, cipher] of Object.entries(ciphers)) {
    bytes.set(plain);
    cipher.seal(0, 7, bytes, 0, textBytes);
    assert.deepEqual(bytes, sealed);
    assert.ok(cipher.open(0, 7, bytes, 0, bytes.length));
    assert.deepEqual(bytes.subarray(0, textBytes), plain.subarray(0, textBytes));

    Deno.bench({
      name: `${name}: seal ${textBytes} B`,
      group: `seal ${textBytes}`,
      baseline: name === "node:crypto",
      fn: () => cipher.seal(0, 7, bytes, 0, textBytes),
    });
    Deno.bench({
      name: `${name}: open ${textBytes} B, and restore it`,
      group: `open ${textBytes}`,
      baseline: name === "node:crypto",
      fn: () => {
        bytes.set(sealed);
        cipher.open(0, 7, bytes, 0, bytes.length);
      },
    });
  }
}
