import type { Random } from "../../core/bytes/mod.ts";

/**
 * What codes are made of: digits and capital letters without I, L, O and U, which are taken for
 * others when read out. 32 of them in 8 places are 40 bits.
 */
const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

const PLACES = 8;

/** Other hubs' codes are like this too. Spec: hub-api.md 3 (frozen shape) */
const SHAPE = /^[0-9A-Z]{4}-[0-9A-Z]{4}$/;

/** A new pairing code, as `3F9A-07C1`; a secret. Spec: hub-api.md 3, D7 */
export function newCode(random: Random): string {
  const bytes = new Uint8Array(PLACES);
  random(bytes);
  const places = Array.from(bytes, (byte) => ALPHABET[byte % ALPHABET.length]).join("");
  return `${places.slice(0, 4)}-${places.slice(4)}`;
}

/**
 * A code as somebody typed it, in the form in which it was made: blanks around it and small letters
 * do not matter, nor does one of the letters that look like a digit. Undefined if it can be none.
 */
export function readCode(text: string): string | undefined {
  const code = text.trim().toUpperCase().replaceAll("O", "0").replaceAll(/[IL]/g, "1");
  return SHAPE.test(code) ? code : undefined;
}
