import type { ByteStream } from "./stream.ts";
import { Turns } from "./turns.ts";

/** The part of `Deno.Conn` that a stream is made of; a connection that can reset has `abort`. */
export interface ConnLike {
  /** Reads at least one byte into `buffer` and gives their count, or null at the peer's FIN. */
  read(buffer: Uint8Array): Promise<number | null>;
  /** Writes at least one byte and gives their count. */
  write(bytes: Uint8Array): Promise<number>;
  /** Sends FIN behind what was written. */
  closeWrite(): Promise<void>;
  /** Closes both directions; a pending read rejects or gives null. */
  close(): void;
  /** Closes both directions with a reset. */
  abort?(): void;
  /** Address of the peer. */
  readonly remoteAddr: Deno.Addr;
  /** Most bytes that a read is to bring. Default 128 KiB. */
  readonly maxReadBytes?: number;
}

const MAX_READ_BYTES = 128 * 1024;

/**
 * Sizes of the read buffer below the largest: an idle connection holds little, a busy one reads much at
 * once.
 */
const BUFFER_BYTES = [512, 8 * 1024] as const;

/**
 * Reads that would have fitted the smaller buffer, in a row, before it is taken, by size: a new large
 * one costs as much as a read, and the middle one is what most idle connections would be left with.
 */
const READS_BEFORE_SHRINKING = [Infinity, 4, 64] as const;

/** Chooses the read buffer by what the last reads brought. */
class ReadBuffer {
  bytes: Uint8Array<ArrayBuffer> = new Uint8Array(BUFFER_BYTES[0]);
  readonly #maxBytes: number;
  #level = 0;
  #smallReads = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  adapt(count: number): void {
    if (count === this.bytes.length) return this.#resize(this.#level + 1);
    const isSmall = this.#level > 0 && count < BUFFER_BYTES[this.#level - 1]!;
    this.#smallReads = isSmall ? this.#smallReads + 1 : 0;
    if (this.#smallReads >= READS_BEFORE_SHRINKING[this.#level]!) this.#resize(this.#level - 1);
  }

  #resize(level: number): void {
    if (level > BUFFER_BYTES.length) return;
    const lenBytes = BUFFER_BYTES[level] ?? this.#maxBytes;
    this.bytes = new Uint8Array(lenBytes);
    this.#level = level;
    this.#smallReads = 0;
  }
}

class ConnStream implements ByteStream {
  readonly remoteAddress: string;
  readonly #conn: ConnLike;
  readonly #buffer: ReadBuffer;
  readonly #turns = new Turns();
  #lastCount = 0;
  #closed = false;

  constructor(conn: ConnLike) {
    const { hostname = "", port = 0 } = conn.remoteAddr as Partial<Deno.NetAddr>;
    this.remoteAddress = `${hostname}:${port}`;
    this.#conn = conn;
    this.#buffer = new ReadBuffer(conn.maxReadBytes ?? MAX_READ_BYTES);
  }

  read(): Promise<Uint8Array<ArrayBuffer> | null> {
    const turn = this.#turns.afterRead(this.#lastCount);
    return turn === undefined ? this.#read() : turn.then(() => this.#read());
  }

  // Not an async function: what one keeps while it waits is a tenth of an idle connection.
  #read(): Promise<Uint8Array<ArrayBuffer> | null> {
    if (this.#closed) return Promise.resolve(null);
    this.#buffer.adapt(this.#lastCount);
    return this.#conn.read(this.#buffer.bytes).then(this.#onRead, this.#onError);
  }

  readonly #onRead = (count: number | null): Uint8Array<ArrayBuffer> | null => {
    this.#lastCount = count ?? 0;
    return count === null ? null : this.#buffer.bytes.subarray(0, count);
  };

  readonly #onError = (error: unknown): null => {
    if (this.#closed) return null;
    throw error;
  };

  async write(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length;) {
      at += await this.#conn.write(at === 0 ? bytes : bytes.subarray(at));
    }
  }

  closeWrite(): Promise<void> {
    return this.#conn.closeWrite();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#conn.close();
  }

  abort(): void {
    if (!this.#closed) this.#conn.abort?.();
    this.close();
  }
}

/**
 * A {@linkcode ByteStream} over a connection that Deno opened, or one of its shape; takes the
 * connection. Deno's own cannot send a reset: `abort` then only closes.
 */
export function connStream(conn: ConnLike): ByteStream {
  return new ConnStream(conn);
}
