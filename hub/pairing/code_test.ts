import assert from "node:assert/strict";
import { newCode, readCode } from "./code.ts";

Deno.test("newCode() has the frozen shape and uses all 32 symbols in all 8 places", () => {
  const seen = Array.from({ length: 9 }, () => new Set<string>());
  for (let i = 0; i < 256; i++) {
    const code = newCode((out) => out.forEach((_, place) => out[place] = i + place));
    assert.match(code, /^[0-9A-Z]{4}-[0-9A-Z]{4}$/);
    assert.equal(readCode(code), code);
    [...code].forEach((symbol, place) => seen[place]!.add(symbol));
  }
  assert.deepEqual(seen.map(({ size }) => size), [32, 32, 32, 32, 1, 32, 32, 32, 32]);
});

const TYPED: [text: string, code: string | undefined][] = [
  ["3F9A-07C1", "3F9A-07C1"],
  [" 3f9a-07c1\n", "3F9A-07C1"],
  ["3F9A-O7CI", "3F9A-07C1"],
  ["3F9A07C1", undefined],
  ["3F9A-07C", undefined],
  ["3F9A-07C12", undefined],
  ["3F9A-07C!", undefined],
  ["", undefined],
];

for (const [text, code] of TYPED) {
  Deno.test(`readCode() of ${JSON.stringify(text)} is ${code}`, () => {
    assert.equal(readCode(text), code);
  });
}
