import assert from "node:assert/strict";
import { parseEndpoint } from "../endpoint/mod.ts";
import { admit, type Refusals } from "./admission.ts";

const endpoint = (text: string) => parseEndpoint(text)!;
const HUB = endpoint("198.51.100.1:41820");
const OWN = [endpoint("10.0.0.2:50000"), endpoint("[2001:db8::2]:50000")];

function admitted(texts: string[], options = {}): [string[], Refusals] {
  const refusals: Refusals = {};
  const all = { local: OWN, forbidden: [HUB], allowLoopback: false, ...options, refusals };
  return [admit(texts, all).map(({ text }) => text), refusals];
}

Deno.test("admit() takes what may be a peer, in its order and once", () => {
  const texts = ["203.0.113.9:40001", "10.0.0.3:50000", "[2001:DB8::9]:1024", "203.0.113.9:40001"];
  const expected = ["203.0.113.9:40001", "10.0.0.3:50000", "[2001:db8::9]:1024"];
  assert.deepEqual(admitted(texts), [expected, {}]);
});

Deno.test("admit() refuses what is no place for a peer, and counts why", () => {
  const cases: [string, string][] = [
    ["224.0.0.1:5353", "bad-scope"],
    ["255.255.255.255:9999", "bad-scope"],
    ["0.0.0.0:9999", "bad-scope"],
    ["127.0.0.1:9999", "bad-scope"],
    ["169.254.1.1:9999", "bad-scope"],
    ["240.0.0.1:9999", "bad-scope"],
    ["[::1]:9999", "bad-scope"],
    ["[::]:9999", "bad-scope"],
    ["[ff02::fb]:5353", "bad-scope"],
    ["[fe80::1]:9999", "bad-scope"],
    ["[::ffff:127.0.0.1]:9999", "bad-scope"],
    ["203.0.113.9:1023", "low-port"],
    ["203.0.113.9:53", "low-port"],
    ["198.51.100.1:41820", "hub"],
    ["10.0.0.2:50000", "own"],
    ["[fd00::1]:9999", "private"],
    ["203.0.113.9", "not-endpoint"],
    ["host:9999", "not-endpoint"],
    ["", "not-endpoint"],
  ];
  for (const [text, reason] of cases) {
    assert.deepEqual(admitted([text]), [[], { [reason]: 1 }], text);
  }
});

Deno.test("admit() depends on what we have ourselves", () => {
  const ipv6 = { local: [endpoint("[2001:db8::2]:50000")] };
  assert.deepEqual(admitted(["203.0.113.9:40001"], ipv6), [[], { "no-local-family": 1 }]);
  const global = { local: [endpoint("203.0.113.1:50000")] };
  assert.deepEqual(admitted(["192.168.1.1:40001"], global), [[], { private: 1 }]);
  assert.deepEqual(admitted(["127.0.0.1:40001"], { allowLoopback: true }), [
    ["127.0.0.1:40001"],
    {},
  ]);
});

Deno.test("admit() takes at most 16", () => {
  const texts = Array.from({ length: 40 }, (_, i) => `203.0.113.9:${2000 + i}`);
  assert.deepEqual(admitted(texts), [texts.slice(0, 16), { "too-many": 24 }]);
});
