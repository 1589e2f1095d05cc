import assert from "node:assert/strict";
import { encodeLink, isHost, type LinkMessage, parseLink } from "./messages.ts";

const nonce = new Uint8Array(32).fill(0xab);
const proof = new Uint8Array(32).map((_, i) => i);
const one = new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8]);
const two = new Uint8Array([8, 7, 6, 5, 4, 3, 2, 1]);

const MESSAGES: LinkMessage[] = [
  { type: "hello", nonce, host: "udp.example", port: 41820 },
  { type: "challenge", nonce, proof },
  { type: "proof", proof },
  { type: "pair", tokens: [one, two] },
  { type: "synced" },
  { type: "end", token: one },
  { type: "used-websocket", token: two },
];

for (const message of MESSAGES) {
  Deno.test(`parseLink() reads back ${message.type}, and nothing of it when cut short`, () => {
    const text = encodeLink(message);
    assert.deepEqual(parseLink(text), message);
    for (let length = 0; length < text.length; length++) {
      assert.equal(parseLink(text.slice(0, length)), undefined);
    }
  });
}

const zeros = "00".repeat(32);
const BAD = [
  "",
  "null",
  "[]",
  "7",
  "{}",
  '{"type":"other"}',
  `{"type":"hello","version":2,"nonce":"${zeros}","host":"h","port":1}`,
  `{"type":"hello","version":1,"nonce":"${zeros.slice(2)}","host":"h","port":1}`,
  `{"type":"hello","version":1,"nonce":"${zeros}","host":"","port":1}`,
  `{"type":"hello","version":1,"nonce":"${zeros}","host":"a b","port":1}`,
  `{"type":"hello","version":1,"nonce":"${zeros}","host":["h"],"port":1}`,
  `{"type":"hello","version":1,"nonce":"${zeros}","host":"h","port":0}`,
  `{"type":"hello","version":1,"nonce":"${zeros}","host":"h","port":65536}`,
  `{"type":"hello","version":1,"nonce":"${zeros}","host":"h","port":1.5}`,
  `{"type":"proof","proof":"${zeros}00"}`,
  `{"type":"proof","proof":"${zeros.slice(1)}g"}`,
  '{"type":"pair","tokens":["0102030405060708"]}',
  '{"type":"pair","tokens":["0102030405060708","01020304050607"]}',
  '{"type":"pair","tokens":"0102030405060708"}',
  '{"type":"end"}',
  '{"type":"used-websocket","token":[1,2,3,4,5,6,7,8]}',
];

for (const text of BAD) {
  Deno.test(`parseLink() refuses ${text}`, () => assert.equal(parseLink(text), undefined));
}

Deno.test("isHost() takes names and addresses, not what could break an offer or a log", () => {
  for (const good of ["udp.example", "192.0.2.1", "2001:db8::1", "a_b-c"]) assert.ok(isHost(good));
  for (const bad of ["", "a b", "a\n", "a/b", "x".repeat(254), "ü.example", '"']) {
    assert.equal(isHost(bad), false, bad);
  }
});
