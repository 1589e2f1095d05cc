/**
 * The slow, readable twin that tests compare the generated code with: RFC 8439 word by word, numbers
 * of any size, no thought of speed or of secrets.
 */

function readWords(bytes: Uint8Array): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return Array.from({ length: bytes.length / 4 }, (_, i) => view.getUint32(4 * i, true));
}

function rotateLeft(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}

/** Spec: RFC 8439 §2.1. */
function quarterRound(x: Uint32Array, a: number, b: number, c: number, d: number): void {
  const addXorRotate = (to: number, from: number, other: number, bits: number) => {
    x[to]! += x[from]!;
    x[other] = rotateLeft(x[other]! ^ x[to]!, bits);
  };
  addXorRotate(a, b, d, 16);
  addXorRotate(c, d, b, 12);
  addXorRotate(a, b, d, 8);
  addXorRotate(c, d, b, 7);
}

/** One block of key stream. Spec: RFC 8439 §2.3. */
export function chacha20Block(key: Uint8Array, nonce: Uint8Array, counter: number): Uint8Array {
  const constants = readWords(new TextEncoder().encode("expand 32-byte k"));
  const initial = [...constants, ...readWords(key), counter, ...readWords(nonce)];
  const x = Uint32Array.from(initial);
  for (let i = 0; i < 10; i++) {
    for (let j = 0; j < 4; j++) quarterRound(x, j, 4 + j, 8 + j, 12 + j);
    for (let j = 0; j < 4; j++) {
      quarterRound(x, j, 4 + (j + 1) % 4, 8 + (j + 2) % 4, 12 + (j + 3) % 4);
    }
  }
  const block = new DataView(new ArrayBuffer(64));
  x.forEach((word, i) => block.setUint32(4 * i, word + initial[i]!, true));
  return new Uint8Array(block.buffer);
}

function readNumber(bytes: Uint8Array): bigint {
  return bytes.reduceRight((number, byte) => (number << 8n) | BigInt(byte), 0n);
}

/** Spec: RFC 8439 §2.5. */
export function poly1305(key: Uint8Array, text: Uint8Array): Uint8Array {
  const p = (1n << 130n) - 5n;
  const r = readNumber(key.subarray(0, 16)) & 0x0ffffffc0ffffffc0ffffffc0fffffffn;
  let h = 0n;
  for (let at = 0; at < text.length; at += 16) {
    const piece = text.subarray(at, at + 16);
    h = (h + readNumber(piece) + (1n << BigInt(8 * piece.length))) * r % p;
  }
  h += readNumber(key.subarray(16, 32));
  return Uint8Array.from({ length: 16 }, (_, i) => Number((h >> BigInt(8 * i)) & 0xffn));
}

function padded(bytes: Uint8Array): number[] {
  return [...bytes, ...new Uint8Array(-bytes.length & 15)];
}

function lengthBytes(bytes: number): Uint8Array {
  return new Uint8Array(new BigUint64Array([BigInt(bytes)]).buffer);
}

/** What `aeadSeal()` takes. */
export interface Message {
  key: Uint8Array;
  nonce: Uint8Array;
  aad: Uint8Array;
  plaintext: Uint8Array;
}

/** Ciphertext and tag. Spec: RFC 8439 §2.8. */
export function aeadSeal({ key, nonce, aad, plaintext }: Message): Uint8Array {
  const blocks = Array.from(
    { length: Math.ceil(plaintext.length / 64) },
    (_, i) => chacha20Block(key, nonce, 1 + i),
  );
  const ciphertext = plaintext.map((byte, i) => byte ^ blocks[i >> 6]![i & 63]!);
  const tag = poly1305(
    chacha20Block(key, nonce, 0).subarray(0, 32),
    Uint8Array.from([
      ...padded(aad),
      ...padded(ciphertext),
      ...lengthBytes(aad.length),
      ...lengthBytes(ciphertext.length),
    ]),
  );
  return Uint8Array.from([...ciphertext, ...tag]);
}
