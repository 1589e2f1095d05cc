import assert from "node:assert/strict";
import { originOf, remoteAddressOf, targetOf } from "./adapter.ts";

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

const FORWARDED: [peer: string, header: string | string[] | undefined, origin: string][] = [
  ["127.0.0.1:5", undefined, "127.0.0.1:5"],
  ["127.0.0.1:5", "192.0.2.7", "192.0.2.7"],
  ["127.0.0.1:5", "9.9.9.9, 192.0.2.7", "192.0.2.7"],
  ["127.0.0.1:5", ["9.9.9.9", "2001:db8::1"], "2001:db8::1"],
  ["127.0.0.1:5", "", "127.0.0.1:5"],
  ["127.0.0.1:5", "unknown\u001b", "127.0.0.1:5"],
  ["127.0.0.1:5", "1".repeat(65), "127.0.0.1:5"],
  ["192.0.2.9:5", "192.0.2.7", "192.0.2.9:5"],
];

for (const [peer, header, origin] of FORWARDED) {
  Deno.test(`originOf() a peer at ${peer} that names ${header} is ${origin}`, () => {
    assert.equal(originOf(peer, header), origin);
  });
}
