import { createHash } from "node:crypto";

const PREFIX = "SHA256:";

/** 32 bytes are 43 digits of base64 without padding. */
const FORM = /^SHA256:[A-Za-z0-9+/]{43}$/;

/**
 * The short form of an agent's public key that people compare: `SHA256:` and unpadded base64, as
 * OpenSSH writes it.
 */
export function fingerprintOf(publicKey: Uint8Array): string {
  return PREFIX + createHash("sha256").update(publicKey).digest("base64").replace(/=+$/, "");
}

/** Whether `text` has the form of a fingerprint. */
export function isFingerprint(text: string): boolean {
  return FORM.test(text);
}
