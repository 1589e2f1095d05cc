import { Buffer } from "node:buffer";
import { createCipheriv, createDecipheriv } from "node:crypto";

const ALGORITHM = "chacha20-poly1305";
const OPTIONS = { authTagLength: 16 } as const;

/** The platform's cipher behind the interface of `WasmCipher`, for tests and benches. */
export class NodeCipher {
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

  /** Throws if the tag is wrong. */
  open(high: number, low: number, bytes: Uint8Array, start: number, end: number): boolean {
    this.#setNonce(high, low);
    const decipher = createDecipheriv(ALGORITHM, this.#key, this.#nonce, OPTIONS);
    decipher.setAuthTag(Buffer.from(bytes.buffer, bytes.byteOffset + end - 16, 16));
    const plain = decipher.update(bytes.subarray(start, end - 16));
    decipher.final();
    bytes.set(plain, start);
    return true;
  }

  #setNonce(high: number, low: number): void {
    this.#nonceView.setUint32(4, low, true);
    this.#nonceView.setUint32(8, high, true);
  }
}
