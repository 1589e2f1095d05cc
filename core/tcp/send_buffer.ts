import { PagedBuffer, type PagePool } from "./paged_buffer.ts";

/** What a buffer holds at most to begin with; it grows with what the path carries. */
export const INITIAL_BUFFER_BYTES = 256 * 1024;

/** Bytes the application has written and the peer has not acknowledged; bounded. */
export class SendBuffer {
  readonly #buffer: PagedBuffer;
  readonly #pool: PagePool;
  readonly #maxBytes: number;
  #limitBytes: number;
  #lenBytes = 0;

  /** @param maxBytes bound; writing stops there, or before, until the peer acknowledges */
  constructor(pool: PagePool, maxBytes: number) {
    this.#buffer = new PagedBuffer(pool);
    this.#pool = pool;
    this.#maxBytes = maxBytes;
    this.#limitBytes = Math.min(maxBytes, INITIAL_BUFFER_BYTES);
  }

  /** So much is wanted to keep the path full; the bound stays. */
  tune(wantedBytes: number): void {
    const atLeast = Math.min(this.#maxBytes, INITIAL_BUFFER_BYTES);
    // Congestion windows have fractions, bytes have none.
    this.#limitBytes = Math.min(Math.max(Math.floor(wantedBytes), atLeast), this.#maxBytes);
  }

  /** Bytes held. */
  get lenBytes(): number {
    return this.#lenBytes;
  }

  /** Bytes that may still be written. */
  get freeBytes(): number {
    return Math.max(Math.min(this.#limitBytes, this.#pool.shareBytes) - this.#lenBytes, 0);
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
