import type { Socket } from "node:net";

/** A connected byte stream, as a WebSocket needs it. */
export interface ByteStream {
  /**
   * The next bytes, at least one; null once the peer has finished or the stream has failed or been
   * closed. Lends the bytes until the next call; they may be changed in place.
   */
  read(): Promise<Uint8Array<ArrayBuffer> | null>;
  /** Writes all of `bytes`, which are borrowed until this settles; rejects if the stream failed. */
  write(bytes: Uint8Array): Promise<void>;
  /** Finishes sending; the peer may still be read. */
  closeWrite(): Promise<void>;
  /** Closes both directions at once; pending calls settle. */
  close(): void;
  /** Address of the peer for logs, as `192.0.2.1:443`. */
  readonly remoteAddress: string;
}

/** Large enough that a busy connection takes some dozen frames with one system call. */
const READ_BUFFER_BYTES = 128 * 1024;

/** A {@linkcode ByteStream} over a connection that Deno opened; takes the connection. */
export function connStream(conn: Deno.Conn): ByteStream {
  const buffer = new Uint8Array(READ_BUFFER_BYTES);
  let closed = false;
  const { hostname = "", port = 0 } = conn.remoteAddr as Partial<Deno.NetAddr>;
  return {
    remoteAddress: `${hostname}:${port}`,
    async read() {
      try {
        const bytes = await conn.read(buffer);
        return bytes === null ? null : buffer.subarray(0, bytes);
      } catch {
        // How a transport broke is of no use to a WebSocket: it reports 1006 for each of the ways.
        return null;
      }
    },
    async write(bytes) {
      for (let at = 0; at < bytes.length;) at += await conn.write(bytes.subarray(at));
    },
    closeWrite: () => conn.closeWrite(),
    close() {
      if (closed) return;
      closed = true;
      conn.close();
    },
  };
}

/** Bytes that may wait in memory for a reader before the socket is paused. */
const MAX_UNREAD_BYTES = 256 * 1024;

/**
 * A {@linkcode ByteStream} over a Node.js socket, as an HTTP server hands one over on upgrade;
 * takes the socket.
 *
 * @param head bytes that arrived behind the request
 */
export function socketStream(socket: Socket, head: Uint8Array<ArrayBuffer>): ByteStream {
  const unread: Uint8Array<ArrayBuffer>[] = head.length > 0 ? [head] : [];
  let unreadBytes = head.length;
  let ended = false;
  let wake: (() => void) | undefined;
  const signal = () => {
    wake?.();
    wake = undefined;
  };
  const end = () => {
    ended = true;
    signal();
  };
  socket.on("data", (chunk: Uint8Array<ArrayBuffer>) => {
    unread.push(chunk);
    unreadBytes += chunk.length;
    if (unreadBytes > MAX_UNREAD_BYTES) socket.pause();
    signal();
  });
  socket.on("end", end);
  socket.on("error", end);
  socket.on("close", end);
  return {
    remoteAddress: `${(socket.remoteAddress ?? "").replace(/^::ffff:/, "")}:${socket.remotePort}`,
    async read() {
      while (unread.length === 0) {
        if (ended) return null;
        await new Promise<void>((resolve) => wake = resolve);
      }
      const chunk = unread.shift()!;
      unreadBytes -= chunk.length;
      if (socket.isPaused() && unreadBytes <= MAX_UNREAD_BYTES / 2) socket.resume();
      return chunk;
    },
    write: (bytes) =>
      new Promise((resolve, reject) => {
        if (socket.destroyed) return reject(new Error("Cannot write: the socket is closed"));
        socket.once("close", resolve);
        socket.write(bytes, (error) => {
          socket.off("close", resolve);
          error ? reject(error) : resolve();
        });
      }),
    closeWrite: () => new Promise((resolve) => socket.end(() => resolve())),
    close: () => void socket.destroy(),
  };
}
