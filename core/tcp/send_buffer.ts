import { PagedBuffer, type PagePool } from "./paged_buffer.ts";

/** Bytes the application has written and the peer has not acknowledged; bounded. */
export class SendBuffer {
  readonly #buffer: PagedBuffer;
  readonly #maxBytes: number;
  #lenBytes = 0;

  /** @param maxBytes bound; writing stops there until the peer acknowledges */
  constructor(pool: PagePool, maxBytes: number) {
    this.#buffer = new PagedBuffer(pool);
    this.#maxBytes = maxBytes;
  }

  /** Bytes held. */
  get lenBytes(): number {
    return this.#lenBytes;
  }

  /** Bytes that may still be written. */
  get freeBytes(): number {
    return this.#maxBytes - this.#lenBytes;
  }

  /** Copies as much of `bytes` from `start` on as fits, and returns how much that was. */
  write(bytes: Uint8Array, start: number): number {
    const count = Math.min(bytes.length - start, this.freeBytes);
    this.#buffer.write(this.#lenBytes, bytes, start, start + count);
    this.#lenBytes += count;
    return count;
  }

  /** Copies `length` bytes, `offset` after the first one held, into `into` at `at`. */
  read(offset: number, length: number, into: Uint8Array, at: number): void {
    this.#buffer.read(offset, length, into, at);
  }

  /** Drops the first `length` bytes, which the peer has acknowledged. */
  acknowledge(length: number): void {
    this.#lenBytes -= length;
    if (this.#lenBytes === 0) this.#buffer.clear();
    else this.#buffer.consume(length);
  }

  /** Drops everything. */
  clear(): void {
    this.#lenBytes = 0;
    this.#buffer.clear();
  }
}
