import assert from "node:assert/strict";
import { decodeHex, encodeHex } from "../bytes/mod.ts";
import { systemRandom } from "../clock/mod.ts";
import { parseControl, type PeerHello } from "../control/mod.ts";
import { AgentIdentity, generateSeed } from "./agent_identity.ts";
import { fingerprintOf, isFingerprint } from "./fingerprint.ts";
import { agentHello, type HelloSession, verifyHello } from "./hello.ts";

const identity = new AgentIdentity(new Uint8Array(32).fill(7));
const SESSION: HelloSession = {
  machine: "barn",
  agentKey: new Uint8Array(32).fill(1),
  clientKey: new Uint8Array(32).fill(2),
};
const HELLO = agentHello(identity, { ...SESSION, features: ["resume", "paths"] });

Deno.test("AgentIdentity signs as Ed25519 does (RFC 8032 §7.1, test 2)", () => {
  const seed = "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb";
  const publicKey = "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c";
  const signature = "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da" +
    "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00";
  const one = new AgentIdentity(decodeHex(seed)!);
  assert.equal(encodeHex(one.publicKey), publicKey);
  assert.equal(encodeHex(one.sign(new Uint8Array([0x72]))), signature);
  assert.throws(() => new AgentIdentity(new Uint8Array(31)), RangeError);
  assert.notDeepEqual(generateSeed(systemRandom), generateSeed(systemRandom));
});

Deno.test("fingerprintOf() is SHA-256 in unpadded base64, as ssh-keygen prints it", () => {
  const text = fingerprintOf(new Uint8Array(0));
  assert.equal(text, "SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU");
  assert.ok(isFingerprint(text) && isFingerprint(identity.fingerprint));
  for (const bad of ["", text.slice(0, -1), `${text}=`, text.slice(7), text.toLowerCase()]) {
    assert.ok(!isFingerprint(bad), bad);
  }
});

Deno.test("verifyHello() accepts what agentHello() made, after the wire and in any order of features", () => {
  const parsed = parseControl(JSON.stringify(HELLO)) as PeerHello;
  for (const hello of [HELLO, parsed, { ...HELLO, features: ["paths", "resume"] }]) {
    const proven = verifyHello(hello, SESSION);
    assert.equal(proven?.fingerprint, identity.fingerprint);
    assert.deepEqual(proven?.publicKey, identity.publicKey);
  }
});

Deno.test("verifyHello() refuses a hello for another session, machine, key or feature list", () => {
  const key = new Uint8Array(32).fill(3);
  const sessions = [
    { ...SESSION, machine: "attic" },
    { ...SESSION, agentKey: key },
    { ...SESSION, clientKey: key },
    { ...SESSION, agentKey: SESSION.clientKey, clientKey: SESSION.agentKey },
  ];
  for (const session of sessions) assert.equal(verifyHello(HELLO, session), undefined);
  const other = new AgentIdentity(new Uint8Array(32).fill(8));
  const changes: Partial<PeerHello>[] = [
    { version: 2 },
    { version: -1 },
    { version: 2 ** 32 + 1 },
    { features: ["paths"] },
    { features: [] },
    { features: undefined },
    { features: ["pathsresume"] },
    { features: ["resume", "paths", ""] },
    { features: Array(65).fill("x") },
    { features: ["resume", "p".repeat(65)] },
    { identity: encodeHex(other.publicKey) },
    { identity: undefined },
    { identity: "zz" },
    { signature: undefined },
    { signature: "00".repeat(64) },
  ];
  for (const change of changes) {
    assert.equal(verifyHello({ ...HELLO, ...change }, SESSION), undefined, JSON.stringify(change));
  }
});

Deno.test("verifyHello() refuses every bit flipped in the signature, and keys that anything verifies under", () => {
  const signature = decodeHex(HELLO.signature!)!;
  for (let bit = 0; bit < 512; bit += 7) {
    const flipped = signature.slice();
    flipped[bit >> 3]! ^= 1 << (bit & 7);
    assert.equal(verifyHello({ ...HELLO, signature: encodeHex(flipped) }, SESSION), undefined);
  }
  // Points of order 1, 2 and 4; with R the neutral element and S zero, a lax check would pass.
  const points = [`01${"00".repeat(31)}`, `ec${"ff".repeat(30)}7f`, "00".repeat(32)];
  const forged = `01${"00".repeat(63)}`;
  for (const point of points) {
    assert.equal(verifyHello({ ...HELLO, identity: point, signature: forged }, SESSION), undefined);
  }
});
