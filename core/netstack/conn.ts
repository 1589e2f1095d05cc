import type { Socket } from "./socket.ts";

/** Bytes allocated for each chunk of {@linkcode TcpConn.readable} when the reader brings no buffer. */
const CHUNK_BYTES = 65536;

/** One end of a connection; the fields are those of `Deno.NetAddr`. */
export interface TcpAddr {
  /** Always `tcp`. */
  readonly transport: "tcp";
  /** IPv4 address as four decimal numbers. */
  readonly hostname: string;
  /** Port, 1 to 65535. */
  readonly port: number;
}

/**
 * A TCP connection through the tunnel, in the shape of `Deno.TcpConn`. At most one read and one write
 * may be pending at a time. Every pending call settles when the connection ends: at the latest after
 * its user timeout. Failures reject with a `TcpError`.
 */
export class TcpConn implements Disposable {
  /** This end. */
  readonly localAddr: TcpAddr;
  /** The peer. */
  readonly remoteAddr: TcpAddr;
  readonly #socket: Socket;
  #readable: ReadableStream<Uint8Array<ArrayBuffer>> | undefined;
  #writable: WritableStream<Uint8Array> | undefined;

  /** Wraps an established connection; called by the stack. */
  constructor(socket: Socket, addrs: { localAddr: TcpAddr; remoteAddr: TcpAddr }) {
    this.#socket = socket;
    this.localAddr = addrs.localAddr;
    this.remoteAddr = addrs.remoteAddr;
  }

  /**
   * Reads up to `p.length` bytes into `p`, which is lent until the promise settles. Resolves with the
   * count, or with `null` after the peer's FIN and all data before it.
   */
  read(p: Uint8Array): Promise<number | null> {
    return this.#socket.read(p);
  }

  /**
   * Writes `p`, which is lent until the promise settles. Resolves with `p.length` once all of it is
   * in the send buffer, whose bound is the backpressure.
   */
  write(p: Uint8Array): Promise<number> {
    return this.#socket.write(p);
  }

  /** Sends a FIN after what was written; reading goes on. */
  closeWrite(): Promise<void> {
    return this.#socket.closeWrite();
  }

  /**
   * Ends the use of the connection. What was written is still delivered in the background, then a FIN;
   * but the peer gets a reset if it sent something that was not read, or still does.
   */
  close(): void {
    this.#socket.close();
  }

  /** Ends the connection at once with a reset; what was not delivered is lost. */
  abort(): void {
    this.#socket.abort();
  }

  /** Sends small segments at once, which is the default, or with `false` by Nagle's algorithm. */
  setNoDelay(noDelay: boolean = true): void {
    this.#socket.connection.setNoDelay(noDelay);
    this.#socket.wake();
  }

  /** Probes an idle connection; off by default. */
  setKeepAlive(keepAlive: boolean = true): void {
    this.#socket.connection.setKeepAlive(keepAlive);
    this.#socket.wake();
  }

  /** What the peer sends, as a byte stream. Cancelling it closes the connection. */
  get readable(): ReadableStream<Uint8Array<ArrayBuffer>> {
    return this.#readable ??= readableOf(this);
  }

  /** What to send. Closing it sends a FIN; aborting it resets the connection. */
  get writable(): WritableStream<Uint8Array> {
    return this.#writable ??= new WritableStream<Uint8Array>({
      write: async (chunk) => void await this.write(chunk),
      close: () => this.closeWrite(),
      abort: () => this.abort(),
    });
  }

  /** Same as {@linkcode TcpConn.close}. */
  [Symbol.dispose](): void {
    this.close();
  }
}

function readableOf(conn: TcpConn): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new ReadableStream({
    type: "bytes",
    autoAllocateChunkSize: CHUNK_BYTES,
    async pull(controller) {
      // With autoAllocateChunkSize there is a request for every pull.
      const request = controller.byobRequest!;
      const count = await conn.read(request.view as Uint8Array<ArrayBuffer>);
      if (count === null) {
        controller.close();
        request.respond(0);
      } else request.respond(count);
    },
    cancel: () => conn.close(),
  });
}
