import assert from "node:assert/strict";
import { isKeepalive } from "./keepalive.ts";

const pad = (bytes: number, filler = "x") => {
  const text = '{"type":"keepalive"}';
  return text + filler.repeat((bytes - text.length) / new TextEncoder().encode(filler).length);
};

const CASES: [what: string, text: string, expected: boolean][] = [
  ["the plain one", '{"type":"keepalive"}', true],
  ["one with a line feed", '{"type":"keepalive"}\n', true],
  ["the word in any place", '{"x":"keepalive","type":"y"}', true],
  ["the word without quotes", '{"type":"xkeepalive"}', false],
  ["63 bytes", pad(63), true],
  ["64 bytes", pad(64), false],
  ["100 bytes", pad(100), false],
  ["64 bytes in 42 characters", pad(64, "é"), false],
  ["62 bytes in 41 characters", pad(62, "é"), true],
  ["63 bytes with a pair of surrogates behind", pad(63) + "😀", false],
];

for (const [what, text, expected] of CASES) {
  Deno.test(`isKeepalive() of ${what} is ${expected} (wire 20)`, () => {
    assert.equal(isKeepalive(text), expected);
  });
}
