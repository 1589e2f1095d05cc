import { readU32, writeU32 } from "./messages.ts";
import { MAC_BYTES } from "./specification.ts";

const BLOCK_BYTES = 64;

/** Spec: RFC 7693 §2.6. */
const IV = Int32Array.of(
  0x6a09e667,
  0xbb67ae85,
  0x3c6ef372,
  0xa54ff53a,
  0x510e527f,
  0x9b05688c,
  0x1f83d9ab,
  0x5be0cd19,
);

/** The words of the block that each round takes, in order, one digit a word. Spec: RFC 7693 §2.7. */
const SIGMA = Uint8Array.from(
  "0123456789abcdef" + "ea489fd61c02b753" + "b8c052fdae367194" + "7931dcbe265a40f8" +
    "905724afe1bc683d" + "2c6a0b834d75fe19" + "c51fed4a0763928b" + "db7ec13950f4862a" +
    "6fe9b308c2d714a5" + "a2847615fb9e3cd0",
  (digit) => parseInt(digit, 16),
);

/** Scratch of one call, which is synchronous and wipes what leads back to the key. */
const state = new Int32Array(8);
const working = new Int32Array(16);
const block = new Int32Array(16);
/** A block filled up with zeros: the key's, and the last. */
const padded = new Uint8Array(BLOCK_BYTES);

/**
 * Keyed BLAKE2s-128 of the input from `start` to `end`, which is borrowed; the key has at most 32
 * bytes. noble's, its twin, takes more than twice as long, and this is what a flood costs.
 *
 * Spec: RFC 7693 §2.5, §3.3; WG 5.4 `MAC`.
 */
export function mac(
  key: Uint8Array,
  input: Uint8Array,
  start = 0,
  end: number = input.length,
): Uint8Array<ArrayBuffer> {
  state.set(IV);
  state[0]! ^= 0x0101_0000 ^ key.length << 8 ^ MAC_BYTES;
  padded.set(key);
  let hashedBytes = BLOCK_BYTES;
  let at = start;
  compress(padded, 0, { hashedBytes, isLast: at === end });
  for (; end - at > BLOCK_BYTES; at += BLOCK_BYTES) {
    hashedBytes += BLOCK_BYTES;
    compress(input, at, { hashedBytes, isLast: false });
  }
  padded.fill(0);
  if (at < end) {
    for (let i = 0; at + i < end; i++) padded[i] = input[at + i]!;
    compress(padded, 0, { hashedBytes: hashedBytes + end - at, isLast: true });
  }
  const out = new Uint8Array(MAC_BYTES);
  for (let i = 0; i < MAC_BYTES / 4; i++) writeU32(out, 4 * i, state[i]!);
  for (const scratch of [state, working, block, padded]) scratch.fill(0);
  return out;
}

/** Takes in the 64 bytes at `at`; `hashedBytes`, below 2^32, counts them too. RFC 7693 §3.2. */
function compress(
  bytes: Uint8Array,
  at: number,
  o: { hashedBytes: number; isLast: boolean },
): void {
  for (let i = 0; i < 16; i++) block[i] = readU32(bytes, at + 4 * i);
  working.set(state);
  working.set(IV, 8);
  working[12]! ^= o.hashedBytes;
  if (o.isLast) working[14] = ~working[14]!;
  for (let s = 0; s < SIGMA.length; s += 16) {
    mix(0, 4, 8, 12, s);
    mix(1, 5, 9, 13, s + 2);
    mix(2, 6, 10, 14, s + 4);
    mix(3, 7, 11, 15, s + 6);
    mix(0, 5, 10, 15, s + 8);
    mix(1, 6, 11, 12, s + 10);
    mix(2, 7, 8, 13, s + 12);
    mix(3, 4, 9, 14, s + 14);
  }
  for (let i = 0; i < 8; i++) state[i]! ^= working[i]! ^ working[8 + i]!;
}

/** Mixes two words of the block, those that `SIGMA` has at `s`, into four. RFC 7693 §3.1. */
function mix(ai: number, bi: number, ci: number, di: number, s: number): void {
  let a = working[ai]!;
  let b = working[bi]!;
  let c = working[ci]!;
  let d = working[di]!;
  a = a + b + block[SIGMA[s]!]! | 0;
  d = rotateRight(d ^ a, 16);
  c = c + d | 0;
  b = rotateRight(b ^ c, 12);
  a = a + b + block[SIGMA[s + 1]!]! | 0;
  d = rotateRight(d ^ a, 8);
  c = c + d | 0;
  b = rotateRight(b ^ c, 7);
  working[ai] = a;
  working[bi] = b;
  working[ci] = c;
  working[di] = d;
}

function rotateRight(word: number, bits: number): number {
  return word >>> bits | word << 32 - bits;
}
