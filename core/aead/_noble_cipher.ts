import { chacha20poly1305 } from "@noble/ciphers/chacha.js";
import type { TransportCipher } from "./transport_cipher.ts";

/** The slow twin of the other ciphers, by another author in another language, for tests and benches. */
export class NobleCipher implements TransportCipher {
  readonly #key: Uint8Array;

  constructor(key: Uint8Array) {
    this.#key = new Uint8Array(key);
  }

  seal(high: number, low: number, bytes: Uint8Array, start: number, end: number): void {
    const plain = bytes.slice(start, end);
    bytes.set(chacha20poly1305(this.#key, nonce(high, low)).encrypt(plain), start);
  }

  open(high: number, low: number, bytes: Uint8Array, start: number, end: number): boolean {
    try {
      const sealed = bytes.slice(start, end);
      bytes.set(chacha20poly1305(this.#key, nonce(high, low)).decrypt(sealed), start);
      return true;
    } catch {
      // The library throws for a wrong tag.
      return false;
    }
  }

  wipe(): void {
    this.#key.fill(0);
  }
}

function nonce(high: number, low: number): Uint8Array {
  const bytes = new Uint8Array(12);
  const view = new DataView(bytes.buffer);
  view.setUint32(4, low, true);
  view.setUint32(8, high, true);
  return bytes;
}
