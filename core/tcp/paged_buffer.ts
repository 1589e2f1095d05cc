/** Size of a page. Holds one segment of the largest MTU; small enough for many part-filled ones. */
export const PAGE_BYTES = 16384;

const PAGE_SHIFT = 14;
const PAGE_MASK = PAGE_BYTES - 1;

/** Free pages kept for reuse; more are left to the garbage collector. 4 MiB. */
const MAX_FREE_PAGES = 256;

/**
 * A buffer may hold one of so many parts of what is free, of what its stack may lend and of what several
 * share: those whose readers are slow come to hold equal parts, however many, and leave as much.
 */
const SHARES_OF_STACK = 16;
const SHARES_OF_MEMORY = 32;

/**
 * Or one of so many parts of what is free of the first half, which is more while little is lent: a long
 * fast path needs much for one connection, and mostly there are few.
 */
const SHARES_OF_FIRST_HALF = 2;

/** A page of {@linkcode PAGE_BYTES}. */
export type Page = Uint8Array<ArrayBuffer>;

/** Free pages of all stacks together: each for itself would keep what it needed at its busiest. */
const freePages: Page[] = [];

/** What buffers hold together: those of a stack, or of several. */
export class BufferMemory {
  /** Bytes that they share. */
  readonly maxBytes: number;
  /** Bytes in pages now lent to buffers. */
  lentBytes = 0;

  /** Memory of `maxBytes`, none of it lent. */
  constructor(maxBytes: number = Infinity) {
    this.maxBytes = maxBytes;
  }

  /** Whether all is lent. */
  get full(): boolean {
    return this.lentBytes >= this.maxBytes;
  }

  /** What one buffer may hold as things are, in bytes, where each may hold one of `shares` parts. */
  share(shares: number): number {
    const ofFirstHalf = (this.maxBytes / 2 - this.lentBytes) / SHARES_OF_FIRST_HALF;
    return Math.max(ofFirstHalf, (this.maxBytes - this.lentBytes) / shares);
  }
}

/**
 * Lends the pages of all buffers of a stack, so that an empty buffer holds no memory, and says how much
 * one buffer may hold of what is left. So buffers shrink before memory is used up, and those whose
 * readers are slow, however many, come to hold equal parts and leave as much to the next.
 */
export class PagePool {
  readonly #own: BufferMemory;
  readonly #shared: BufferMemory;

  /** A pool of `maxBytes` of a memory that others may share. */
  constructor(maxBytes: number = Infinity, shared: BufferMemory = new BufferMemory()) {
    this.#own = new BufferMemory(maxBytes);
    this.#shared = shared;
  }

  /** Whether all is lent. */
  get full(): boolean {
    return this.#own.full || this.#shared.full;
  }

  /** What a buffer may hold at most as things are, in bytes: a page at least. */
  get shareBytes(): number {
    const share = Math.min(this.#own.share(SHARES_OF_STACK), this.#shared.share(SHARES_OF_MEMORY));
    return Math.max(Math.floor(share), PAGE_BYTES);
  }

  /** Bytes in pages now lent to buffers. */
  get lentBytes(): number {
    return this.#own.lentBytes;
  }

  /** A page with undefined content; a fresh one costs about 1 µs, a used one 10 ns. */
  take(): Page {
    this.#own.lentBytes += PAGE_BYTES;
    this.#shared.lentBytes += PAGE_BYTES;
    return freePages.pop() ?? new Uint8Array(PAGE_BYTES);
  }

  /** Takes a page back. */
  give(page: Page): void {
    this.#own.lentBytes -= PAGE_BYTES;
    this.#shared.lentBytes -= PAGE_BYTES;
    if (freePages.length < MAX_FREE_PAGES) freePages.push(page);
  }
}

/**
 * A queue of bytes in pages, addressed by offset from its first byte. Pages are taken where bytes
 * are written and given back once they are consumed. Its user keeps count of what is where and stays
 * within its own bound.
 */
export class PagedBuffer {
  readonly #pool: PagePool;
  readonly #pages: (Page | undefined)[] = [];
  /** Position of offset 0 in the first page. */
  #head = 0;

  /** @param pool where pages come from and go back to */
  constructor(pool: PagePool) {
    this.#pool = pool;
  }

  /** Copies `bytes` from `start` to `end` to `offset`. */
  write(offset: number, bytes: Uint8Array, start: number, end: number): void {
    let at = this.#head + offset;
    while (start < end) {
      const within = at & PAGE_MASK;
      const length = Math.min(end - start, PAGE_BYTES - within);
      const whole = start === 0 && length === bytes.length;
      this.#page(at >>> PAGE_SHIFT).set(
        whole ? bytes : bytes.subarray(start, start + length),
        within,
      );
      start += length;
      at += length;
    }
  }

  /** Copies `length` bytes at `offset`, all written before, into `into` at `at`. */
  read(offset: number, length: number, into: Uint8Array, at: number): void {
    let from = this.#head + offset;
    const end = from + length;
    while (from < end) {
      const within = from & PAGE_MASK;
      const count = Math.min(end - from, PAGE_BYTES - within);
      into.set(this.#pages[from >>> PAGE_SHIFT]!.subarray(within, within + count), at);
      from += count;
      at += count;
    }
  }

  /** Drops the first `length` bytes: offset `length` becomes offset 0. */
  consume(length: number): void {
    this.#head += length;
    while (this.#head >= PAGE_BYTES) {
      const page = this.#pages.shift();
      if (page !== undefined) this.#pool.give(page);
      this.#head -= PAGE_BYTES;
    }
  }

  /** Drops everything and gives all pages back. */
  clear(): void {
    for (const page of this.#pages) if (page !== undefined) this.#pool.give(page);
    this.#pages.length = 0;
    this.#head = 0;
  }

  #page(index: number): Page {
    while (this.#pages.length <= index) this.#pages.push(undefined);
    return this.#pages[index] ??= this.#pool.take();
  }
}
