import { Buffer } from "node:buffer";
import { Duplex } from "node:stream";
import type { Clock } from "../../core/clock/mod.ts";

const READ_BUFFER_BYTES = 16 * 1024;

/** A connection, and how to close it, which is harmless when it is closed already. */
export interface ClosableConn {
  /** The connection. */
  readonly conn: Deno.TcpConn;
  /** Closes it. */
  close(): void;
}

/** Options of {@linkcode ConnDuplex}. */
export interface ConnDuplexOptions {
  /** Times writes. */
  readonly clock: Clock;
  /** How long the peer may take nothing of what is written; it is cut then. */
  readonly stallTimeoutMs: number;
}

/** A connection of Deno's as the Node.js stream that `node:http` takes; takes the connection. */
export class ConnDuplex extends Duplex {
  /** Address of the peer. */
  readonly remoteAddress: string;
  /** Port of the peer. */
  readonly remotePort: number;
  readonly #conn: Deno.TcpConn;
  readonly #close: () => void;
  readonly #options: ConnDuplexOptions;
  readonly #buffer = new Uint8Array(READ_BUFFER_BYTES);
  #head: Uint8Array | undefined;

  /**
   * Makes a stream that begins with bytes that were read already.
   *
   * @param head those bytes; taken
   */
  constructor(closable: ClosableConn, head: Uint8Array, options: ConnDuplexOptions) {
    super();
    this.#options = options;
    const { conn } = closable;
    this.#conn = conn;
    this.#close = () => closable.close();
    this.#head = head;
    this.remoteAddress = conn.remoteAddr.hostname;
    this.remotePort = conn.remoteAddr.port;
  }

  /** For `Duplex`. */
  override async _read(): Promise<void> {
    const head = this.#head;
    if (head !== undefined) {
      this.#head = undefined;
      this.push(head);
      return;
    }
    try {
      const count = await this.#conn.read(this.#buffer);
      this.push(count === null ? null : Buffer.from(this.#buffer.subarray(0, count)));
    } catch (error) {
      this.destroy(error as Error);
    }
  }

  /** For `Duplex`. */
  override async _write(
    chunk: Uint8Array,
    _encoding: string,
    done: (error?: Error) => void,
  ): Promise<void> {
    try {
      for (let at = 0; at < chunk.length;) at += await this.#writeSome(chunk.subarray(at));
    } catch (error) {
      return done(error as Error);
    }
    done();
  }

  async #writeSome(chunk: Uint8Array): Promise<number> {
    const { clock, stallTimeoutMs } = this.#options;
    const stalled = clock.setTimer(() => this.destroy(), stallTimeoutMs);
    try {
      return await this.#conn.write(chunk);
    } finally {
      stalled.cancel();
    }
  }

  /** For `Duplex`. */
  override async _final(done: (error?: Error) => void): Promise<void> {
    // A peer that has gone needs no FIN.
    await this.#conn.closeWrite().catch(() => {});
    done();
  }

  /** For `Duplex`. */
  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#close();
    done(error);
  }
}
