import assert from "node:assert/strict";
import { remoteAddressOf, targetOf } from "./adapter.ts";

const CASES: [text: string, path: string | undefined, query: string][] = [
  ["/", "/", ""],
  ["/a/b?x=1?y", "/a/b", "?x=1?y"],
  ["http://hub.example/a?b", "/a", "?b"],
  ["HTTPS://hub.example", "/", ""],
  ["//evil.example/x", "//evil.example/x", ""],
  ["*", undefined, ""],
  ["", "/", ""],
  ["a/b", undefined, ""],
  ["/\\evil.example", undefined, ""],
  ["/a#b", undefined, ""],
];

for (const [text, path, query] of CASES) {
  Deno.test(`targetOf() of "${text}" is ${path}`, () => {
    assert.deepEqual(targetOf(text), path === undefined ? undefined : { path, query });
  });
}

Deno.test("remoteAddressOf() shows an IPv4 address as such", () => {
  assert.equal(
    remoteAddressOf({ remoteAddress: "::ffff:192.0.2.1", remotePort: 5 }),
    "192.0.2.1:5",
  );
  assert.equal(remoteAddressOf({}), ":0");
});
