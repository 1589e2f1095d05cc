import { Buffer } from "node:buffer";
import { createCipheriv, createDecipheriv } from "node:crypto";
import { isWasmSimdAvailable, WasmCipher } from "../aead/mod.ts";
import { TAG_BYTES } from "./specification.ts";

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
   * `bytes`. Returns false, and leaves `bytes` as they were, if the tag is wrong.
   */
  open(high: number, low: number, bytes: Uint8Array, start: number, end: number): boolean;
  /** Overwrites the key; the cipher must not be used again. */
  wipe(): void;
}

const ALGORITHM = "chacha20-poly1305";
const OPTIONS = { authTagLength: TAG_BYTES } as const;

/**
 * The fastest implementation that this machine has; copies the key. The one in WebAssembly seals
 * 1,100 bytes in a quarter of the time of the platform's, whose cost is mostly in the call, and 16 KiB
 * in the same (`aead_bench.ts`).
 */
export function transportCipher(key: Uint8Array): TransportCipher {
  return isWasmSimdAvailable() ? new WasmCipher(key) : new NativeCipher(key);
}

/** The platform's native implementation, where WebAssembly or its SIMD is missing. Copies the key. */
export class NativeCipher implements TransportCipher {
  readonly #key: Uint8Array;
  readonly #nonce = new Uint8Array(12);
  readonly #nonceView = new DataView(this.#nonce.buffer);

  constructor(key: Uint8Array) {
    this.#key = new Uint8Array(key);
  }

  seal(high: number, low: number, bytes: Uint8Array, start: number, end: number): void {
    this.#setNonce(high, low);
    const cipher = createCipheriv(ALGORITHM, this.#key, this.#nonce, OPTIONS);
    bytes.set(cipher.update(bytes.subarray(start, end)), start);
    cipher.final();
    bytes.set(cipher.getAuthTag(), end);
  }

  open(high: number, low: number, bytes: Uint8Array, start: number, end: number): boolean {
    this.#setNonce(high, low);
    const tagAt = end - TAG_BYTES;
    const decipher = createDecipheriv(ALGORITHM, this.#key, this.#nonce, OPTIONS);
    decipher.setAuthTag(Buffer.from(bytes.buffer, bytes.byteOffset + tagAt, TAG_BYTES));
    const plain = decipher.update(bytes.subarray(start, tagAt));
    try {
      decipher.final();
    } catch {
      // The one way this interface of the platform reports a wrong tag.
      plain.fill(0);
      return false;
    }
    bytes.set(plain, start);
    return true;
  }

  wipe(): void {
    this.#key.fill(0);
  }

  #setNonce(high: number, low: number): void {
    this.#nonceView.setUint32(4, low, true);
    this.#nonceView.setUint32(8, high, true);
  }
}
