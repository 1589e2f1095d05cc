import assert from "node:assert/strict";
import fc from "fast-check";
import { decodeHex, encodeHex } from "./hex.ts";

Deno.test("encodeHex() and decodeHex() are inverse for any bytes, in either case", () => {
  fc.assert(fc.property(fc.uint8Array(), (bytes) => {
    assert.deepEqual(decodeHex(encodeHex(bytes)), bytes);
    assert.deepEqual(decodeHex(encodeHex(bytes).toUpperCase()), bytes);
  }));
});

for (const text of ["0", "0g", "abc", " 00", "00\n", "0x00"]) {
  Deno.test(`decodeHex() is undefined for ${JSON.stringify(text)}`, () => {
    assert.equal(decodeHex(text), undefined);
  });
}
