import assert from "node:assert/strict";
import { decodeHex, encodeHex } from "../bytes/mod.ts";
import {
  forwardRelayFrame,
  readRelayFrame,
  RELAY_HEADER_BYTES,
  RelayFlags,
  writeRelayHeader,
} from "./frame.ts";

const bytes = (hex: string) => decodeHex(hex.replaceAll(" ", ""))!;

Deno.test("writeRelayHeader() writes the documented example over a dirty buffer (wire 51)", () => {
  const out = new Uint8Array(9).fill(0xee);
  writeRelayHeader(out, 1, RelayFlags.data, 0xaabbccdd);
  assert.equal(encodeHex(out), "ee" + "540000aabbccdd" + "ee");
  writeRelayHeader(out, 1, RelayFlags.control, 1);
  assert.equal(encodeHex(out), "ee" + "54000100000001" + "ee");
});

const KINDS: [hex: string, kind: string][] = [
  ["", "too-short"],
  ["54 00 00 aa bb cc", "too-short"],
  ["54 00 00 aa bb cc dd", "data"],
  ["54 07 00 84 2b ff c4 01 00 00 00", "data"],
  ["54 00 01 aa bb cc dd 01", "control"],
  ["54 00 03 aa bb cc dd 01", "data"],
  ["55 00 00 aa bb cc dd 01", "bad-magic"],
  ["01 00 00 00 00 00 00 00", "bad-magic"],
];

for (const [hex, kind] of KINDS) {
  Deno.test(`readRelayFrame() of [${hex}] is ${kind} (wire 52)`, () => {
    const frame = bytes(hex);
    assert.equal(readRelayFrame(frame, 0, frame.length), kind);
    const inside = new Uint8Array([0xff, ...frame, 0xff]);
    assert.equal(readRelayFrame(inside, 1, 1 + frame.length), kind);
  });
}

const HOPS: [before: number, after: number | "hops-exhausted"][] = [
  [0, 7],
  [8, 7],
  [7, 6],
  [5, 4],
  [2, 1],
  [1, "hops-exhausted"],
  [255, 254],
];

for (const [before, after] of HOPS) {
  Deno.test(`forwardRelayFrame() turns hop ${before} into ${after} (wire 23)`, () => {
    const frame = bytes("54 00 01 aa bb cc dd 01 02 03");
    frame[1] = before;
    const expected = frame.slice();
    const verdict = forwardRelayFrame(frame, 0, frame.length);
    if (typeof after === "number") expected[1] = after;
    assert.equal(verdict, typeof after === "number" ? "forward" : after);
    assert.deepEqual(frame, expected);
  });
}

Deno.test("forwardRelayFrame() refuses a short frame and a foreign magic, unchanged (wire 22)", () => {
  for (const hex of ["", "54", "540000aabbcc", "010000aabbccdd", "f400000000000000"]) {
    const frame = bytes(hex);
    assert.equal(forwardRelayFrame(frame, 0, frame.length), "invalid");
    assert.equal(encodeHex(frame), hex);
  }
});

Deno.test("RELAY_HEADER_BYTES is the length that writeRelayHeader() fills", () => {
  const out = new Uint8Array(RELAY_HEADER_BYTES).fill(0xee);
  writeRelayHeader(out, 0, RelayFlags.data, 0);
  assert.equal(encodeHex(out), "54000000000000");
});
