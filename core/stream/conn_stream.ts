import type { ByteStream } from "./stream.ts";

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
}

/** An idle connection holds this little. */
const IDLE_BUFFER_BYTES = 2 * 1024;

/** A busy one takes some dozen frames with one system call. */
const BUSY_BUFFER_BYTES = 128 * 1024;

/** Reads that would have fitted the idle buffer, in a row, before the busy one is let go. */
const SMALL_READS_BEFORE_IDLE = 64;

/** Chooses the read buffer by what the last reads brought. */
class ReadBuffer {
  bytes: Uint8Array<ArrayBuffer> = new Uint8Array(IDLE_BUFFER_BYTES);
  #smallReads = 0;

  adapt(count: number): void {
    const busy = this.bytes.length === BUSY_BUFFER_BYTES;
    this.#smallReads = count < IDLE_BUFFER_BYTES ? this.#smallReads + 1 : 0;
    if (!busy && count === IDLE_BUFFER_BYTES) this.bytes = new Uint8Array(BUSY_BUFFER_BYTES);
    else if (busy && this.#smallReads === SMALL_READS_BEFORE_IDLE) {
      this.bytes = new Uint8Array(IDLE_BUFFER_BYTES);
    }
  }
}

/**
 * A {@linkcode ByteStream} over a connection that Deno opened, or one of its shape; takes the
 * connection. Deno's own cannot send a reset: `abort` then only closes.
 */
export function connStream(conn: ConnLike): ByteStream {
  const buffer = new ReadBuffer();
  let lastCount = 0;
  let closed = false;
  const close = () => {
    if (closed) return;
    closed = true;
    conn.close();
  };
  const { hostname = "", port = 0 } = conn.remoteAddr as Partial<Deno.NetAddr>;
  return {
    remoteAddress: `${hostname}:${port}`,
    async read() {
      if (closed) return null;
      buffer.adapt(lastCount);
      try {
        const count = await conn.read(buffer.bytes);
        lastCount = count ?? 0;
        return count === null ? null : buffer.bytes.subarray(0, count);
      } catch (error) {
        if (closed) return null;
        throw error;
      }
    },
    async write(bytes) {
      for (let at = 0; at < bytes.length;) at += await conn.write(bytes.subarray(at));
    },
    closeWrite: () => conn.closeWrite(),
    close,
    abort() {
      if (!closed) conn.abort?.();
      close();
    },
  };
}
