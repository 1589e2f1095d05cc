import assert from "node:assert/strict";
import { encodeHex } from "../../core/bytes/mod.ts";
import type { Hello } from "./messages.ts";
import { isSameProof, proofOf } from "./proof.ts";

const hello: Hello = { type: "hello", nonce: new Uint8Array(32), host: "h", port: 1 };
const facts = { secret: "0123456789abcdef", hello, hubNonce: new Uint8Array(32) };
const ones = new Uint8Array(32).fill(1);

const OTHERS: [name: string, other: typeof facts][] = [
  ["the secret", { ...facts, secret: "0123456789abcdeF" }],
  ["the hub's nonce", { ...facts, hubNonce: ones }],
  ["the host's nonce", { ...facts, hello: { ...hello, nonce: ones } }],
  ["the host", { ...facts, hello: { ...hello, host: "g" } }],
  ["the port", { ...facts, hello: { ...hello, port: 2 } }],
];

for (const [name, other] of OTHERS) {
  Deno.test(`proofOf() gives another proof when ${name} differs`, () => {
    assert.equal(isSameProof(proofOf("host", facts), proofOf("host", other)), false);
  });
}

Deno.test("proofOf() gives hub and host different proofs, so that none can be sent back", () => {
  const [hub, host] = [proofOf("hub", facts), proofOf("host", facts)];
  assert.equal(isSameProof(hub, host), false);
  assert.ok(isSameProof(host, proofOf("host", facts)));
  assert.equal(isSameProof(host, host.subarray(0, 31)), false);
});

Deno.test("proofOf() is the HMAC of version, prover, place and nonces", () => {
  // Computed apart: HMAC-SHA256 of "tela udp link 1\0<prover>\0h\x001\0" and the two nonces.
  const two = { ...facts, hello: { ...hello, nonce: ones }, hubNonce: ones };
  const known = (["hub", "host"] as const).map((who) => encodeHex(proofOf(who, two)).slice(0, 16));
  assert.deepEqual(known, ["41a7e87169ecd56b", "1f55814a11a1411e"]);
});
