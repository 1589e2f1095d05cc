/**
 * ChaCha20-Poly1305 under one key of one direction, in place, without additional data. The nonce is
 * four zero bytes and the 64-bit counter, little-endian, given as two unsigned 32-bit halves.
 *
 * Spec: RFC 8439 §2.8; WG 5.4.6.
 */
export interface TransportCipher {
  /**
   * Encrypts `bytes` from `start` to `end` in place and writes the tag at `end`; borrows `bytes`.
   * The buffer must reach to `end + 16`. A counter must never be used twice.
   */
  seal(high: number, low: number, bytes: Uint8Array, start: number, end: number): void;
  /**
   * Decrypts `bytes` from `start` to `end` in place, the last 16 of them being the tag; borrows
   * `bytes`. Returns false, and leaves `bytes` as they were, if the tag is wrong or too short.
   */
  open(high: number, low: number, bytes: Uint8Array, start: number, end: number): boolean;
  /** Overwrites the key; the cipher must not be used again. */
  wipe(): void;
}
