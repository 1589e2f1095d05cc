import type { ByteStream } from "../stream/mod.ts";

/** One write carries at most this much: some four dozen frames of 1.2 KB, or four of 16 KiB. */
const BLOCK_BYTES = 64 * 1024;

/** Blocks kept for reuse by all connections of the process together: 4 MiB. */
const MAX_FREE_BLOCKS = 64;

const freeBlocks: Uint8Array<ArrayBuffer>[] = [];

function takeBlock(atLeastBytes: number): Uint8Array<ArrayBuffer> {
  if (atLeastBytes > BLOCK_BYTES) return new Uint8Array(atLeastBytes);
  return freeBlocks.pop() ?? new Uint8Array(BLOCK_BYTES);
}

function giveBlock(block: Uint8Array<ArrayBuffer>): void {
  if (block.length === BLOCK_BYTES && freeBlocks.length < MAX_FREE_BLOCKS) freeBlocks.push(block);
}

interface Block {
  readonly bytes: Uint8Array<ArrayBuffer>;
  lenBytes: number;
}

/**
 * Gathers what is appended in one turn of the event loop into few large writes, one under way at a
 * time. It has no bound of its own: who appends looks at {@linkcode WriteQueue.bufferedBytes}.
 */
export class WriteQueue {
  readonly #stream: ByteStream;
  #blocks: Block[] = [];
  #bufferedBytes = 0;
  #writing = false;
  readonly #write = () => void this.#writeAll();
  #failed = false;
  #waiters: { belowBytes: number; resolve: () => void }[] = [];

  /** Borrows the stream for writing. */
  constructor(stream: ByteStream) {
    this.#stream = stream;
  }

  /** Bytes appended and not yet taken by the operating system. */
  get bufferedBytes(): number {
    return this.#bufferedBytes;
  }

  /**
   * Lends room for `lenBytes` bytes, to be filled before the current turn ends.
   *
   * @returns the buffer and the offset of the room; undefined once the stream has failed
   */
  reserve(lenBytes: number): { bytes: Uint8Array<ArrayBuffer>; offset: number } | undefined {
    if (this.#failed) return undefined;
    let block = this.#blocks.at(-1);
    if (block === undefined || block.lenBytes + lenBytes > block.bytes.length) {
      block = { bytes: takeBlock(lenBytes), lenBytes: 0 };
      this.#blocks.push(block);
    }
    const offset = block.lenBytes;
    block.lenBytes += lenBytes;
    this.#bufferedBytes += lenBytes;
    if (!this.#writing) {
      this.#writing = true;
      queueMicrotask(this.#write);
    }
    return { bytes: block.bytes, offset };
  }

  /** Resolves once at most `bytes` are buffered, or nothing can be written any more. */
  drained(bytes: number): Promise<void> {
    if (this.#bufferedBytes <= bytes) return Promise.resolve();
    return new Promise((resolve) => this.#waiters.push({ belowBytes: bytes, resolve }));
  }

  /** Drops what is buffered and refuses more. */
  discard(): void {
    this.#failed = true;
    this.#blocks = [];
    this.#bufferedBytes = 0;
    this.#wake();
  }

  async #writeAll(): Promise<void> {
    for (let block = this.#blocks.shift(); block !== undefined; block = this.#blocks.shift()) {
      try {
        await this.#stream.write(block.bytes.subarray(0, block.lenBytes));
      } catch {
        // The reader of the stream sees the same failure and reports it; only the bytes are lost.
        this.discard();
      }
      giveBlock(block.bytes);
      if (this.#failed) break;
      this.#bufferedBytes -= block.lenBytes;
      this.#wake();
    }
    this.#writing = false;
  }

  #wake(): void {
    if (this.#waiters.length === 0) return;
    const ready = this.#waiters.filter((waiter) => this.#bufferedBytes <= waiter.belowBytes);
    this.#waiters = this.#waiters.filter((waiter) => this.#bufferedBytes > waiter.belowBytes);
    for (const waiter of ready) waiter.resolve();
  }
}
