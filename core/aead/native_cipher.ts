import { Buffer } from "node:buffer";
import { createCipheriv, createDecipheriv } from "node:crypto";
import { TAG_BYTES } from "./layout.ts";
import type { TransportCipher } from "./transport_cipher.ts";

const ALGORITHM = "chacha20-poly1305";
const OPTIONS = { authTagLength: TAG_BYTES } as const;

/** The platform's native implementation, where WebAssembly or its SIMD is missing. Copies the key. */
export class NativeCipher implements TransportCipher {
  readonly #key: Uint8Array;
  readonly #nonce = new Uint8Array(12);
  readonly #nonceView = new DataView(this.#nonce.buffer);

  /** Copies the key, 32 bytes. */
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
    const tagAt = end - TAG_BYTES;
    if (tagAt < start) return false;
    this.#setNonce(high, low);
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
