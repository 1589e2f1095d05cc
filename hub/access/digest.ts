import { hash } from "node:crypto";

/**
 * SHA-256 of a token, in hexadecimal. Tokens are looked up and compared by it, so that how long a
 * comparison takes says nothing about a token, without a comparison that must be written with care.
 */
export function digestToken(token: string): string {
  return hash("sha256", token, "hex");
}
