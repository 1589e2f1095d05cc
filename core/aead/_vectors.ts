import { decodeHex } from "../bytes/mod.ts";
import vectors from "./testdata/rfc8439.json" with { type: "json" };

/** The vectors of RFC 8439, for tests. */
export const VECTORS: typeof vectors = vectors;

/** Bytes of a hexadecimal text in the vectors. */
export function bytesOf(hex: string): Uint8Array {
  const bytes = decodeHex(hex);
  if (bytes === undefined) throw new TypeError(`Could not read a test vector: ${hex} is not hex`);
  return bytes;
}

/** `length` bytes that look random and follow from `seed`. */
export function seededBytes(seed: number, length: number): Uint8Array {
  let state = seed >>> 0;
  return Uint8Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 24;
  });
}
