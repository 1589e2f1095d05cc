import { blake2s } from "@noble/hashes/blake2.js";
import assert from "node:assert/strict";
import { seededRandom } from "./_pair.ts";
import { mac } from "./mac.ts";

Deno.test("mac() is noble's keyed BLAKE2s-128 at every length to 300, for any key (seed 6)", () => {
  const random = seededRandom(6);
  for (let lengthBytes = 0; lengthBytes <= 300; lengthBytes++) {
    const input = new Uint8Array(lengthBytes);
    random(input);
    for (const keyBytes of [1, 16, 31, 32]) {
      const key = new Uint8Array(keyBytes);
      random(key);
      const expected = blake2s(input, { key, dkLen: 16 });
      assert.deepEqual(mac(key, input), expected, `${lengthBytes} bytes, key of ${keyBytes}`);
    }
  }
});

Deno.test("mac() takes a part of a buffer and leaves it as it was", () => {
  const buffer = new Uint8Array(200).map((_, i) => i);
  const before = buffer.slice();
  const key = new Uint8Array(32).fill(9);
  for (const [start, end] of [[0, 0], [200, 200], [1, 65], [3, 66], [5, 133], [72, 200]] as const) {
    const expected = blake2s(buffer.slice(start, end), { key, dkLen: 16 });
    assert.deepEqual(mac(key, buffer, start, end), expected, `${start} to ${end}`);
  }
  assert.deepEqual(buffer, before);
});
