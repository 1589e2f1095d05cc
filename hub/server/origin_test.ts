import assert from "node:assert/strict";
import { isOriginAllowed } from "./origin.ts";

const CASES: [
  origin: string | undefined,
  host: string | undefined,
  open: boolean,
  secured: boolean,
][] = [
  [undefined, "hub.example", true, true],
  ["https://hub.example", "hub.example", true, true],
  ["http://hub.example:8080", "hub.example:8080", true, true],
  ["https://evil.example", "hub.example", true, false],
  ["https://evilhub.example", "hub.example", true, false],
  ["null", "hub.example", true, false],
  ["https://", "", true, false],
  ["https://x", undefined, true, false],
];

for (const [origin, host, open, secured] of CASES) {
  Deno.test(`isOriginAllowed() of ${origin} at ${host} is ${secured} on a secured hub (wire 2)`, () => {
    assert.equal(isOriginAllowed({ origin, host }, { isSecured: false }), open);
    assert.equal(isOriginAllowed({ origin, host }, { isSecured: true }), secured);
  });
}
