import assert from "node:assert/strict";
import { encodeHex } from "../bytes/mod.ts";
import { applyMask, headerBytes, MAX_HEADER_BYTES, Opcode, writeFrameHeader } from "./frame.ts";

const HEADERS: [payloadBytes: number, maskKey: number | undefined, hex: string][] = [
  [0, undefined, "8200"],
  [5, 0x37fa213d, "828537fa213d"],
  [125, undefined, "827d"],
  [126, undefined, "827e007e"],
  [256, 0x01020304, "82fe010001020304"],
  [65535, undefined, "827effff"],
  [65536, undefined, "827f0000000000010000"],
  [2 ** 32 + 1, 0xffffffff, "82ff0000000100000001ffffffff"],
];

for (const [payloadBytes, maskKey, hex] of HEADERS) {
  Deno.test(`writeFrameHeader() of ${payloadBytes} bytes is ${hex}`, () => {
    const out = new Uint8Array(MAX_HEADER_BYTES + 1).fill(0xee);
    const end = writeFrameHeader(out, 1, Opcode.binary, payloadBytes, maskKey);
    assert.equal(encodeHex(out.subarray(1, end)), hex);
    assert.equal(headerBytes(payloadBytes, maskKey !== undefined), hex.length / 2);
  });
}

Deno.test("applyMask() equals the byte loop of RFC 6455 §5.3 at every length and alignment", () => {
  const key = 0x37fa213d;
  const keyBytes = [0x37, 0xfa, 0x21, 0x3d];
  for (let length = 0; length < 300; length++) {
    for (let start = 0; start < 5; start++) {
      const bytes = Uint8Array.from({ length: start + length + 4 }, (_, i) => i * 7);
      const view = bytes.subarray(1);
      const expected = view.slice();
      for (let i = 0; i < length; i++) expected[start + i]! ^= keyBytes[i % 4]!;
      applyMask(view, start, start + length, key);
      assert.deepEqual(view, expected, `length ${length}, start ${start}`);
    }
  }
});
