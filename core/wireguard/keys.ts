import { x25519 } from "@noble/curves/ed25519.js";
import { decodeHex, type Random } from "../bytes/mod.ts";
import { isZero } from "./equal.ts";
import { KEY_BYTES } from "./specification.ts";

/**
 * A new X25519 private key, 32 bytes, clamped as `wg genkey` does; the caller owns it and wipes it.
 *
 * Spec: RFC 7748 §5.
 */
export function generatePrivateKey(random: Random): Uint8Array<ArrayBuffer> {
  const key = new Uint8Array(KEY_BYTES);
  random(key);
  key[0]! &= 248;
  key[31] = key[31]! & 127 | 64;
  return key;
}

/**
 * The key that a peer sent as 64 hexadecimal digits of either case; undefined if it is not that.
 *
 * Spec: wire.md 2.4.
 */
export function parseKey(text: string): Uint8Array | undefined {
  const key = decodeHex(text);
  return key?.length === KEY_BYTES ? key : undefined;
}

/**
 * The public key, 32 bytes, of an X25519 private key.
 *
 * @throws {RangeError} if the private key is not 32 bytes
 *
 * Spec: RFC 7748 §6.1.
 */
export function publicKey(privateKey: Uint8Array): Uint8Array<ArrayBuffer> {
  checkKey("private key", privateKey);
  return Uint8Array.from(x25519.getPublicKey(privateKey));
}

/**
 * The X25519 shared secret, or `undefined` if it is all zeros because the public key is a point of
 * low order, which would let anyone know it.
 *
 * Spec: RFC 7748 §6.1.
 */
export function sharedSecret(
  privateKey: Uint8Array,
  peerPublicKey: Uint8Array,
): Uint8Array | undefined {
  try {
    const shared = x25519.getSharedSecret(privateKey, peerPublicKey);
    return isZero(shared) ? undefined : shared;
  } catch {
    // The library throws for exactly this case, as lengths are fixed by all callers.
    return undefined;
  }
}

/** @throws {RangeError} if the key is not 32 bytes; names it without its content */
export function checkKey(name: string, key: Uint8Array): void {
  if (key.length === KEY_BYTES) return;
  throw new RangeError(`Cannot use ${name}: ${key.length} bytes, must be ${KEY_BYTES}`);
}
