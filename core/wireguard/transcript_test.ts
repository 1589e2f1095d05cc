/**
 * A handshake with fixed keys and randomness: against bytes checked in, and against a twin written
 * straight from the equations of WG 5.4 on other libraries (`node:crypto` for BLAKE2s, X25519 and
 * ChaCha20-Poly1305; HMAC by hand).
 */

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import * as node from "node:crypto";
import { blake2s } from "@noble/hashes/blake2.js";
import { xchacha20poly1305 } from "@noble/ciphers/chacha.js";
import { decodeHex, encodeHex } from "../bytes/mod.ts";
import { End } from "./_pair.ts";
import { publicKey } from "./keys.ts";
import transcript from "./testdata/transcript.json" with { type: "json" };

type Bytes = Uint8Array;
const cat = (...parts: Bytes[]): Bytes => new Uint8Array(Buffer.concat(parts));
const text = (value: string): Bytes => new TextEncoder().encode(value);
const EMPTY = new Uint8Array(0);

const HASH = (input: Bytes): Bytes => node.createHash("blake2s256").update(input).digest();

function HMAC(key: Bytes, input: Bytes): Bytes {
  const block = new Uint8Array(64);
  block.set(key);
  const inner = HASH(cat(block.map((byte) => byte ^ 0x36), input));
  return HASH(cat(block.map((byte) => byte ^ 0x5c), inner));
}

function KDF(count: number, key: Bytes, input: Bytes): Bytes[] {
  const t0 = HMAC(key, input);
  const outputs: Bytes[] = [];
  for (let i = 1; i <= count; i++) {
    outputs.push(HMAC(t0, cat(outputs.at(-1) ?? EMPTY, Uint8Array.of(i))));
  }
  return outputs;
}

const MAC = (key: Bytes, input: Bytes): Bytes => blake2s(input, { key, dkLen: 16 });

function AEAD(key: Bytes, counter: number, plain: Bytes, additional: Bytes): Bytes {
  const nonce = new Uint8Array(12);
  nonce[4] = counter;
  const cipher = node.createCipheriv("chacha20-poly1305", key, nonce, { authTagLength: 16 });
  cipher.setAAD(additional, { plaintextLength: plain.length });
  const body = cipher.update(plain);
  cipher.final();
  return cat(body, cipher.getAuthTag());
}

function DH(own: Bytes, peer: Bytes): Bytes {
  const pkcs8 = cat(decodeHex("302e020100300506032b656e04220420")!, own);
  const spki = cat(decodeHex("302a300506032b656e032100")!, peer);
  return node.diffieHellman({
    privateKey: node.createPrivateKey({ key: Buffer.from(pkcs8), format: "der", type: "pkcs8" }),
    publicKey: node.createPublicKey({ key: Buffer.from(spki), format: "der", type: "spki" }),
  });
}

const u32 = (value: number): Bytes => Uint8Array.of(value, value >>> 8, value >>> 16, value >>> 24);

const given = Object.fromEntries(
  Object.entries(transcript.given).map(([name, hex]) => [name, decodeHex(hex)!]),
) as Record<keyof typeof transcript.given, Bytes>;

interface Transcript {
  initiation: string;
  response: string;
  confirmation: string;
  data: string;
}

/** The four messages by the equations of the paper, in the order they are sent. */
function byThePaper(): Transcript {
  const { initiatorPrivate: sI, responderPrivate: sR, presharedKey: q, timestamp } = given;
  const { initiatorEphemeral: eI, responderEphemeral: eR } = given;
  const [pubI, pubR, ephI, ephR] = [sI, sR, eI, eR].map(publicKey) as [Bytes, Bytes, Bytes, Bytes];
  let c = HASH(text("Noise_IKpsk2_25519_ChaChaPoly_BLAKE2s"));
  let h = HASH(cat(HASH(cat(c, text("WireGuard v1 zx2c4 Jason@zx2c4.com"))), pubR));
  let k: Bytes;
  c = KDF(1, c, ephI)[0]!;
  h = HASH(cat(h, ephI));
  [c, k] = KDF(2, c, DH(eI, pubR)) as [Bytes, Bytes];
  const sealedStatic = AEAD(k, 0, pubI, h);
  h = HASH(cat(h, sealedStatic));
  [c, k] = KDF(2, c, DH(sI, pubR)) as [Bytes, Bytes];
  const sealedTimestamp = AEAD(k, 0, timestamp, h);
  h = HASH(cat(h, sealedTimestamp));
  const head1 = cat(u32(1), given.initiatorIndex, ephI, sealedStatic, sealedTimestamp);
  const mac1 = MAC(HASH(cat(text("mac1----"), pubR)), head1);

  c = KDF(1, c, ephR)[0]!;
  h = HASH(cat(h, ephR));
  c = KDF(1, c, DH(eR, ephI))[0]!;
  c = KDF(1, c, DH(eR, pubI))[0]!;
  const [c2, tau, k2] = KDF(3, c, q) as [Bytes, Bytes, Bytes];
  h = HASH(cat(h, tau));
  const head2 = cat(
    u32(2),
    given.responderIndex,
    given.initiatorIndex,
    ephR,
    AEAD(k2, 0, EMPTY, h),
  );
  const mac2 = MAC(HASH(cat(text("mac1----"), pubI)), head2);
  const [initiatorSends] = KDF(2, c2, EMPTY) as [Bytes, Bytes];
  const header = (counter: number) => cat(u32(4), given.responderIndex, u32(counter), u32(0));
  const padded = new Uint8Array(32);
  padded.set(given.inner);
  const zeros = new Uint8Array(16);
  return {
    initiation: encodeHex(cat(head1, mac1, zeros)),
    response: encodeHex(cat(head2, mac2, zeros)),
    confirmation: encodeHex(cat(header(0), AEAD(initiatorSends, 0, EMPTY, EMPTY))),
    data: encodeHex(cat(header(1), AEAD(initiatorSends, 1, padded, EMPTY))),
  };
}

/** Randomness that gives out the fixed values: the length asked for says which. */
function scripted(index: Bytes, ephemeral: Bytes) {
  return (out: Uint8Array<ArrayBuffer>) =>
    out.set(out.length === 4 ? index : out.length === 32 ? ephemeral : new Uint8Array(out.length));
}

function ours(): { messages: Transcript; a: End; b: End } {
  const shared = { presharedKey: given.presharedKey, wallMs: () => transcript.wallMs };
  const a = new End({
    ...shared,
    privateKey: given.initiatorPrivate,
    peerPublicKey: publicKey(given.responderPrivate),
    random: scripted(given.initiatorIndex, given.initiatorEphemeral),
  });
  const b = new End({
    ...shared,
    privateKey: given.responderPrivate,
    peerPublicKey: publicKey(given.initiatorPrivate),
    random: scripted(given.responderIndex, given.responderEphemeral),
  });
  a.wireguard.initiate(0);
  const initiation = a.outbox.shift()!;
  b.receive(initiation, 0);
  const response = b.outbox.shift()!;
  a.receive(response, 0);
  a.wireguard.send(a.packet(given.inner), 0);
  const [confirmation, data] = a.outbox.splice(0) as [Bytes, Bytes];
  b.receive(confirmation, 0);
  b.receive(data, 0);
  const messages = {
    initiation: encodeHex(initiation),
    response: encodeHex(response),
    confirmation: encodeHex(confirmation),
    data: encodeHex(data),
  };
  return { messages, a, b };
}

Deno.test("WireGuard produces the transcript checked in, byte for byte", () => {
  const { messages, b } = ours();
  assert.deepEqual(messages, transcript.messages);
  assert.deepEqual(b.delivered[0]!.subarray(0, given.inner.length), given.inner);
});

Deno.test("WireGuard's transcript is that of the paper's equations on other libraries", () => {
  assert.deepEqual(byThePaper(), transcript.messages);
});

Deno.test("WireGuard's cookie reply opens by the paper's equations", () => {
  const { b } = ours();
  const initiation = decodeHex(transcript.messages.initiation)!;
  const source = text("192.0.2.1:4");
  while (b.receive(initiation, 0, source) !== "cookie-required");
  const reply = b.outbox.pop()!;
  const pubR = publicKey(given.responderPrivate);
  const key = HASH(cat(text("cookie--"), pubR));
  const cookie = xchacha20poly1305(key, reply.subarray(8, 32), initiation.subarray(116, 132))
    .decrypt(reply.subarray(32));
  assert.equal(encodeHex(reply.subarray(0, 8)), "03000000" + transcript.given.initiatorIndex);
  assert.deepEqual(cookie, MAC(given.responderEphemeral, source), "the secret drawn was this");
});
