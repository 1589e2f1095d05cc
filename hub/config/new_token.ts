import { encodeHex, type Random } from "../../core/bytes/mod.ts";

/** Spec: hub-api.md 3 */
const TOKEN_BYTES = 32;

/** A new token: 32 random bytes in hexadecimal; a secret. */
export function newToken(random: Random): string {
  const bytes = new Uint8Array(TOKEN_BYTES);
  random(bytes);
  return encodeHex(bytes);
}
