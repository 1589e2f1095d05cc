import { chacha20poly1305 } from "@noble/ciphers/chacha.js";
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { aeadSeal, chacha20Block, poly1305 } from "./_twin.ts";
import { bytesOf, seededBytes, VECTORS } from "./_vectors.ts";
import { GROUP_BYTES, MAX_TEXT_BYTES } from "./layout.ts";
import { NativeCipher } from "./native_cipher.ts";
import { isWasmSimdAvailable, WasmCipher } from "./wasm_cipher.ts";

const KEY = seededBytes(7, 32);
const [HIGH, LOW] = [0xffff_fffe, 0x8000_0001];
const NOTHING = new Uint8Array(0);

function nonceOf(high: number, low: number): Uint8Array {
  const nonce = new DataView(new ArrayBuffer(12));
  nonce.setUint32(4, low, true);
  nonce.setUint32(8, high, true);
  return new Uint8Array(nonce.buffer);
}

const NONCE = nonceOf(HIGH, LOW);

function sealed(plaintext: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(plaintext.length + 16);
  bytes.set(plaintext);
  new WasmCipher(KEY).seal(HIGH, LOW, bytes, 0, plaintext.length);
  return bytes;
}

/** Seals and opens at an unaligned offset, and compares all bytes with the platform's. */
function assertLikeNode(cipher: WasmCipher, lengthBytes: number): void {
  const offset = 1 + lengthBytes % 15;
  const plain = seededBytes(lengthBytes, lengthBytes);
  const buffer = seededBytes(lengthBytes + 1, offset + lengthBytes + 16 + 9);
  buffer.set(plain, offset);
  const expected = buffer.slice();
  const end = offset + lengthBytes;
  new NativeCipher(KEY).seal(HIGH, LOW, expected, offset, end);
  cipher.seal(HIGH, LOW, buffer, offset, end);
  assert.equal(Buffer.compare(buffer, expected), 0, `sealing ${lengthBytes} bytes`);
  expected.set(plain, offset);
  assert.ok(cipher.open(HIGH, LOW, buffer, offset, end + 16), `opening ${lengthBytes} bytes`);
  assert.equal(Buffer.compare(buffer, expected), 0, `opening ${lengthBytes} bytes`);
}

Deno.test("isWasmSimdAvailable() is true where these tests run", () => {
  assert.ok(isWasmSimdAvailable());
});

Deno.test("WasmCipher equals node:crypto at every length to 2,048, at any offset", () => {
  const cipher = new WasmCipher(KEY);
  for (let lengthBytes = 0; lengthBytes <= 2_048; lengthBytes++) {
    assertLikeNode(cipher, lengthBytes);
  }
});

Deno.test("WasmCipher equals node:crypto at every length of a group around 16 KiB", () => {
  const cipher = new WasmCipher(KEY);
  for (let more = -GROUP_BYTES; more <= GROUP_BYTES; more++) assertLikeNode(cipher, 16_384 + more);
});

Deno.test("WasmCipher equals node:crypto at a seeded choice of lengths to 65,536", () => {
  const cipher = new WasmCipher(KEY);
  const view = new DataView(seededBytes(11, 120).buffer);
  const seeded = Array.from({ length: 60 }, (_, i) => view.getUint16(2 * i, true));
  for (const lengthBytes of [1100, 1420, 16_384, 65_000, 65_535, MAX_TEXT_BYTES, ...seeded]) {
    assertLikeNode(cipher, lengthBytes);
  }
});

Deno.test("WasmCipher equals noble at every length to 600", () => {
  for (let lengthBytes = 0; lengthBytes <= 600; lengthBytes++) {
    const plain = seededBytes(lengthBytes, lengthBytes);
    assert.equal(Buffer.compare(sealed(plain), chacha20poly1305(KEY, NONCE).encrypt(plain)), 0);
  }
});

Deno.test("WasmCipher equals its twin at lengths around blocks and groups", () => {
  for (const lengthBytes of [0, 1, 16, 63, 64, 65, 191, 192, 193, 447, 448, 449, 1100]) {
    const plaintext = seededBytes(lengthBytes, lengthBytes);
    const expected = aeadSeal({ key: KEY, nonce: NONCE, aad: NOTHING, plaintext });
    assert.deepEqual(sealed(plaintext), expected);
  }
});

for (const vector of VECTORS.messages) {
  const { key, nonce, aad, plaintext, ciphertext, tag } = {
    key: bytesOf(vector.key),
    nonce: bytesOf(vector.nonce),
    aad: bytesOf(vector.aad),
    plaintext: bytesOf(vector.plaintext),
    ciphertext: bytesOf(vector.ciphertext),
    tag: bytesOf(vector.tag),
  };

  Deno.test(`aeadSeal() computes RFC 8439 ${vector.name}`, () => {
    assert.deepEqual(
      aeadSeal({ key, nonce, aad, plaintext }),
      Uint8Array.from([...ciphertext, ...tag]),
    );
  });

  // The vector has additional data, which this class never has: of the tag, that much is its own.
  Deno.test(`WasmCipher computes the ciphertext of RFC 8439 ${vector.name}, and its tag without additional data`, () => {
    const cipher = new WasmCipher(key);
    const view = new DataView(nonce.buffer);
    const [low, high] = [view.getUint32(4, true), view.getUint32(8, true)];
    const bytes = Uint8Array.from([...plaintext, ...new Uint8Array(16)]);
    cipher.seal(high, low, bytes, 0, plaintext.length);
    assert.deepEqual(bytes.subarray(0, plaintext.length), ciphertext);
    const pieces = new Uint8Array(Math.ceil(ciphertext.length / 16) * 16 + 16);
    pieces.set(ciphertext);
    new DataView(pieces.buffer).setUint32(pieces.length - 8, ciphertext.length, true);
    assert.deepEqual(
      bytes.subarray(plaintext.length),
      poly1305(chacha20Block(key, nonce, 0).subarray(0, 32), pieces),
    );
  });
}

for (const lengthBytes of [0, 1, 16, 191, 192, 193, 300]) {
  Deno.test(`WasmCipher.open() refuses any one flipped bit in ${lengthBytes} bytes and the tag`, () => {
    const cipher = new WasmCipher(KEY);
    const message = sealed(seededBytes(lengthBytes, lengthBytes));
    for (let bit = 0; bit < 8 * message.length; bit++) {
      const changed = message.slice();
      changed[bit >> 3]! ^= 1 << (bit & 7);
      const before = changed.slice();
      assert.equal(cipher.open(HIGH, LOW, changed, 0, changed.length), false, `bit ${bit}`);
      assert.equal(Buffer.compare(changed, before), 0, `bit ${bit}`);
    }
    assert.ok(cipher.open(HIGH, LOW, message, 0, message.length));
  });
}

Deno.test("WasmCipher.open() refuses another counter or key, or a message cut or grown", () => {
  const cipher = new WasmCipher(KEY);
  const message = sealed(seededBytes(1, 100));
  const before = message.slice();
  assert.equal(cipher.open(HIGH ^ 1, LOW, message, 0, 116), false);
  assert.equal(cipher.open(HIGH, LOW ^ 1, message, 0, 116), false);
  assert.equal(new WasmCipher(seededBytes(8, 32)).open(HIGH, LOW, message, 0, 116), false);
  assert.equal(cipher.open(HIGH, LOW, Uint8Array.from([...message, 0]), 0, 117), false);
  for (let end = 0; end < 116; end++) {
    assert.equal(cipher.open(HIGH, LOW, message, 0, end), false, `cut to ${end}`);
  }
  assert.deepEqual(message, before);
  assert.ok(cipher.open(HIGH, LOW, message, 0, 116));
});

Deno.test("WasmCipher keeps keys apart when two instances take turns", () => {
  const [a, b] = [new WasmCipher(KEY), new WasmCipher(seededBytes(9, 32))];
  const [first, second] = [new Uint8Array(80), new Uint8Array(80)];
  a.seal(0, 0, first, 0, 64);
  b.seal(0, 0, second, 0, 64);
  assert.notDeepEqual(first, second);
  assert.ok(a.open(0, 0, first, 0, 80));
  assert.ok(b.open(0, 0, second, 0, 80));
  assert.deepEqual(first.subarray(0, 64), second.subarray(0, 64));
});

Deno.test("WasmCipher copies its key, and wipe() overwrites the copy", () => {
  const key = KEY.slice();
  const cipher = new WasmCipher(key);
  key.fill(0);
  const message = sealed(seededBytes(1, 40));
  const wiped = message.slice();
  assert.ok(cipher.open(HIGH, LOW, message, 0, message.length));
  cipher.wipe();
  assert.equal(cipher.open(HIGH, LOW, wiped, 0, wiped.length), false);
  const zeroKey = chacha20poly1305(new Uint8Array(32), NONCE).encrypt(new Uint8Array(40));
  assert.ok(cipher.open(HIGH, LOW, zeroKey, 0, zeroKey.length));
});

Deno.test("WasmCipher works on a Buffer that starts inside its memory", () => {
  const buffer = Buffer.from(new ArrayBuffer(100), 9, 60).fill(1);
  const cipher = new WasmCipher(KEY);
  cipher.seal(0, 0, buffer, 4, 40);
  assert.ok(cipher.open(0, 0, buffer, 4, 56));
  assert.ok(buffer.subarray(0, 40).every((byte) => byte === 1));
});

Deno.test("WasmCipher throws on misuse, and changes nothing", () => {
  const cipher = new WasmCipher(KEY);
  const bytes = seededBytes(1, MAX_TEXT_BYTES + 17);
  const before = bytes.slice();
  const seal = (start: number, end: number) => () => cipher.seal(HIGH, LOW, bytes, start, end);
  assert.throws(() => new WasmCipher(new Uint8Array(31)), RangeError);
  assert.throws(seal(0, MAX_TEXT_BYTES + 1), RangeError);
  assert.throws(seal(MAX_TEXT_BYTES, MAX_TEXT_BYTES + 2), RangeError);
  assert.throws(seal(2, 1), RangeError);
  assert.throws(seal(-1, 1), RangeError);
  assert.throws(seal(0, NaN), RangeError);
  assert.throws(() => cipher.open(HIGH, LOW, bytes, 0, bytes.length + 1), RangeError);
  assert.throws(() => cipher.open(HIGH, LOW, bytes, -1, 40), RangeError);
  assert.equal(cipher.open(HIGH, LOW, bytes, 0, bytes.length), false);
  assert.equal(Buffer.compare(bytes, before), 0);
});
