import assert from "node:assert/strict";
import { chacha20poly1305 } from "@noble/ciphers/chacha.js";
import { createCipheriv } from "node:crypto";
import { decodeHex, encodeHex } from "../bytes/mod.ts";
import { seededRandom } from "./_pair.ts";
import { constantTimeEqual, isZero } from "./equal.ts";
import { hash, kdf } from "./hash.ts";
import { generatePrivateKey, parseKey, publicKey, sharedSecret } from "./keys.ts";
import vectors from "./testdata/primitives.json" with { type: "json" };

const bytes = (hex: string) => decodeHex(hex)!;

for (const { of, input, hash: expected } of vectors.blake2s) {
  Deno.test(`hash() is that of ${of}`, () => {
    assert.equal(encodeHex(hash(bytes(input))), expected);
  });
}

for (const { of, private: own, public: peer, shared, ownPublic } of vectors.x25519) {
  Deno.test(`sharedSecret() is that of ${of}`, () => {
    assert.equal(encodeHex(sharedSecret(bytes(own), bytes(peer))!), shared);
    if (ownPublic) assert.equal(encodeHex(publicKey(bytes(own))), ownPublic);
  });
}

for (const point of vectors.lowOrder.points) {
  Deno.test(`sharedSecret() is undefined for the low-order point ${point.slice(0, 8)}…`, () => {
    const own = generatePrivateKey(seededRandom(1));
    assert.equal(sharedSecret(own, bytes(point)), undefined);
  });
}

Deno.test("ChaCha20-Poly1305 of both libraries is that of RFC 8439", () => {
  const { key, nonce, additional, plain, sealed } = vectors.chacha20poly1305;
  const noble = chacha20poly1305(bytes(key), bytes(nonce), bytes(additional));
  assert.equal(encodeHex(noble.encrypt(bytes(plain))), sealed);
  const native = createCipheriv("chacha20-poly1305", bytes(key), bytes(nonce), {
    authTagLength: 16,
  });
  native.setAAD(bytes(additional), { plaintextLength: plain.length / 2 });
  const body = native.update(bytes(plain));
  native.final();
  assert.equal(encodeHex(body) + encodeHex(native.getAuthTag()), sealed);
});

Deno.test("generatePrivateKey() clamps, and publicKey() refuses another length", () => {
  const key = generatePrivateKey((out) => out.fill(0xff));
  assert.deepEqual([key[0], key[1], key[31]], [0xf8, 0xff, 0x7f]);
  const low = generatePrivateKey((out) => out.fill(0));
  assert.equal(low[31], 0x40);
  assert.throws(() => publicKey(new Uint8Array(31)), RangeError);
});

Deno.test("kdf() outputs are prefixes of each other", () => {
  const [key, input] = [new Uint8Array(32).fill(1), new Uint8Array(5)];
  const three = kdf(key, input, 3);
  assert.deepEqual(kdf(key, input, 1), three.slice(0, 1));
  assert.deepEqual(kdf(key, input, 2), three.slice(0, 2));
});

Deno.test("constantTimeEqual() and isZero() see a difference at every place", () => {
  const zeros = new Uint8Array(16);
  assert.ok(isZero(zeros) && constantTimeEqual(zeros, 0, new Uint8Array(20), 4, 16));
  for (let i = 0; i < 16; i++) {
    const other = new Uint8Array(16);
    other[i] = 0x80;
    assert.equal(constantTimeEqual(zeros, 0, other, 0, 16), false);
    assert.equal(isZero(other), false);
  }
});

Deno.test("constantTimeEqual() and isZero() read every byte, wherever the difference is", () => {
  let reads = 0;
  const counted = (bytes: Uint8Array) =>
    new Proxy(bytes, {
      get(target, key) {
        if (key === Symbol.iterator) {
          return function* () {
            for (const byte of target) {
              reads++;
              yield byte;
            }
          };
        }
        reads++;
        return Reflect.get(target, key);
      },
    });
  for (const at of [0, 7, 15]) {
    const bytes = new Uint8Array(16);
    bytes[at] = 1;
    reads = 0;
    assert.equal(constantTimeEqual(counted(bytes), 0, new Uint8Array(16), 0, 16), false);
    assert.equal(reads, 16, `a difference at ${at}`);
    reads = 0;
    assert.equal(isZero(counted(bytes)), false);
    assert.equal(reads, 16, `not zero at ${at}`);
  }
});

Deno.test("parseKey() takes 64 hexadecimal digits of either case and nothing else (client 38)", () => {
  const digits = "0123456789abcdef".repeat(4);
  assert.equal(parseKey(digits)?.length, 32);
  assert.deepEqual(parseKey(digits.toUpperCase()), parseKey(digits));
  for (
    const text of ["", "00", digits.slice(1), digits + "00", `${digits}\n`, ` ${digits.slice(1)}`]
  ) {
    assert.equal(parseKey(text), undefined);
  }
});
