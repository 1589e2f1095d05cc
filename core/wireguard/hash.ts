import { blake2s } from "@noble/hashes/blake2.js";
import { hmac } from "@noble/hashes/hmac.js";
import { concatBytes } from "@noble/hashes/utils.js";

/** BLAKE2s-256 of the concatenation of `parts`. Spec: RFC 7693; WG 5.4 `HASH`. */
export function hash(...parts: Uint8Array[]): Uint8Array {
  return blake2s(concatBytes(...parts));
}

/** HKDF's outputs, `count` from 1 to 3, of 32 bytes each; the caller wipes them. WG 5.4 `KDF`. */
export function kdf(key: Uint8Array, input: Uint8Array, count: 1 | 2 | 3): Uint8Array[] {
  const extracted = hmac(blake2s, key, input);
  const outputs: Uint8Array[] = [];
  let last: Uint8Array = new Uint8Array(0);
  for (let i = 1; i <= count; i++) {
    const block = concatBytes(last, Uint8Array.of(i));
    last = hmac(blake2s, extracted, block);
    block.fill(0);
    outputs.push(last);
  }
  extracted.fill(0);
  return outputs;
}

/** UTF-8 bytes of a label. */
export function label(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
