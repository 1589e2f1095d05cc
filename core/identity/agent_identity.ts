import { ed25519 } from "@noble/curves/ed25519.js";
import type { Random } from "../bytes/mod.ts";
import { fingerprintOf } from "./fingerprint.ts";

/** Length of the secret an Ed25519 key is made of, in bytes. Spec: RFC 8032 §5.1.5 */
export const SEED_BYTES = 32;

/** Length of an Ed25519 public key in bytes. Spec: RFC 8032 §5.1.5 */
export const PUBLIC_KEY_BYTES = 32;

/** Length of an Ed25519 signature in bytes. Spec: RFC 8032 §5.1.6 */
export const SIGNATURE_BYTES = 64;

/**
 * Who an agent is, whatever hub it is reached by: an Ed25519 key that stays as long as the
 * installation.
 *
 * Spec: design.md decision 5, RFC 8032
 */
export class AgentIdentity {
  /** Ed25519 public key, 32 bytes. */
  readonly publicKey: Uint8Array<ArrayBuffer>;
  /** What people compare: `SHA256:…`. */
  readonly fingerprint: string;
  readonly #seed: Uint8Array;

  /**
   * The identity of a seed, which is copied.
   *
   * @throws {RangeError} if the seed is not 32 bytes
   */
  constructor(seed: Uint8Array) {
    if (seed.length !== SEED_BYTES) {
      throw new RangeError(`Cannot use seed: ${seed.length} bytes, must be ${SEED_BYTES}`);
    }
    this.#seed = seed.slice();
    this.publicKey = Uint8Array.from(ed25519.getPublicKey(this.#seed));
    this.fingerprint = fingerprintOf(this.publicKey);
  }

  /** The signature of a message, 64 bytes. */
  sign(message: Uint8Array): Uint8Array<ArrayBuffer> {
    return Uint8Array.from(ed25519.sign(message, this.#seed));
  }
}

/** A new seed, 32 bytes; the caller owns it. */
export function generateSeed(random: Random): Uint8Array<ArrayBuffer> {
  const seed = new Uint8Array(SEED_BYTES);
  random(seed);
  return seed;
}
