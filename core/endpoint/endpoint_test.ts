import assert from "node:assert/strict";
import fc from "fast-check";
import { endpointOf, makeEndpoint, parseEndpoint } from "./endpoint.ts";
import { isLoopback, scopeOf } from "./scope.ts";

const GOOD: [text: string, canonical: string][] = [
  ["203.0.113.9:40001", "203.0.113.9:40001"],
  ["0.0.0.0:1", "0.0.0.0:1"],
  ["255.255.255.255:65535", "255.255.255.255:65535"],
  ["[2001:DB8:0:0:1:0:0:1]:80", "[2001:db8::1:0:0:1]:80"],
  ["[2001:db8:0:1:1:1:1:1]:80", "[2001:db8:0:1:1:1:1:1]:80"],
  ["[::]:9", "[::]:9"],
  ["[::1]:9", "[::1]:9"],
  ["[1::]:9", "[1::]:9"],
  ["[1:2:3:4:5:6:7::]:9", "[1:2:3:4:5:6:7:0]:9"],
  ["[::ffff:192.0.2.1]:9", "192.0.2.1:9"],
  ["[::ffff:c000:201]:9", "192.0.2.1:9"],
];

const BAD = [
  "",
  "1.2.3.4",
  "1.2.3:5",
  "1..2.3:5",
  "1.2.3.4.5:6",
  "01.2.3.4:5",
  "256.2.3.4:5",
  "1.2.3.4:0",
  "1.2.3.4:65536",
  "1.2.3.4:05",
  "1.2.3.4:+5",
  "1.2.3.4:5 ",
  "[1.2.3.4]:5",
  "::1:5",
  "[::1]",
  "[::1:5",
  "[]:5",
  "[:::]:5",
  "[1::2::3]:5",
  "[1:2:3:4:5:6:7]:5",
  "[1:2:3:4:5:6:7:8:9]:5",
  "[1:2:3:4:5:6:7:8::]:5",
  "[12345::]:5",
  "[fe80::1%eth0]:5",
  "[::192.0.2.1]:5",
  "localhost:5",
];

Deno.test("parseEndpoint() gives the canonical text of what it takes", () => {
  for (const [text, canonical] of GOOD) assert.equal(parseEndpoint(text)?.text, canonical, text);
});

Deno.test("parseEndpoint() refuses what is no endpoint", () => {
  for (const text of BAD) assert.equal(parseEndpoint(text), undefined, text);
});

Deno.test("parseEndpoint() reads back what endpointOf() writes", () => {
  const address = fc.oneof(
    fc.uint8Array({ minLength: 4, maxLength: 4 }),
    fc.uint8Array({ minLength: 16, maxLength: 16 }),
    fc.array(fc.constantFrom(0, 0, 0, 1), { minLength: 16, maxLength: 16 })
      .map((bytes) => Uint8Array.from(bytes)),
  );
  fc.assert(fc.property(address, fc.integer({ min: 1, max: 65535 }), (bytes, port) => {
    const endpoint = endpointOf(bytes, port);
    assert.ok(endpoint);
    assert.deepEqual(parseEndpoint(endpoint.text), endpoint);
    assert.deepEqual(makeEndpoint(endpoint.host, port), endpoint);
  }));
});

Deno.test("endpointOf() refuses other lengths and impossible ports", () => {
  for (const port of [0, -1, 65536, 1.5, NaN]) {
    assert.equal(endpointOf(new Uint8Array(4), port), undefined);
  }
  for (const length of [0, 3, 5, 15, 17]) {
    assert.equal(endpointOf(new Uint8Array(length), 1), undefined);
  }
});

Deno.test("scopeOf() knows where one may not send, and isLoopback() the one it is named for", () => {
  const scopes: [string, string][] = [
    ["0.0.0.0", "unspecified"],
    ["0.1.2.3", "unspecified"],
    ["9.255.255.255", "global"],
    ["10.0.0.1", "private"],
    ["11.0.0.0", "global"],
    ["100.63.255.255", "global"],
    ["100.64.0.1", "private"],
    ["127.9.9.9", "loopback"],
    ["169.254.0.1", "link-local"],
    ["172.15.255.255", "global"],
    ["172.31.255.255", "private"],
    ["192.168.1.1", "private"],
    ["224.0.0.1", "multicast"],
    ["239.255.255.255", "multicast"],
    ["240.0.0.1", "reserved"],
    ["255.255.255.255", "broadcast"],
    ["::", "unspecified"],
    ["::1", "loopback"],
    ["::2", "reserved"],
    ["::ffff:127.0.0.1", "loopback"],
    ["64:ff9b::1", "reserved"],
    ["2001:db8::1", "global"],
    ["fc00::1", "private"],
    ["fdff::1", "private"],
    ["fe80::1", "link-local"],
    ["fec0::1", "reserved"],
    ["ff02::1", "multicast"],
  ];
  for (const [host, scope] of scopes) {
    const endpoint = makeEndpoint(host, 1);
    assert.ok(endpoint, host);
    assert.equal(scopeOf(endpoint), scope, host);
    assert.equal(isLoopback(endpoint.host), scope === "loopback", host);
  }
});
