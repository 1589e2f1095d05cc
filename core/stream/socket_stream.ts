import type { Socket } from "node:net";
import type { ByteStream } from "./stream.ts";

/** Bytes that may wait in memory for a reader before the socket is paused. */
const MAX_UNREAD_BYTES = 256 * 1024;

/** What arrives on a socket, waiting for its reader. */
class Inbox {
  readonly #socket: Socket;
  readonly #chunks: Uint8Array<ArrayBuffer>[] = [];
  #lenBytes = 0;
  #end: { error: Error | undefined } | undefined;
  #wake: (() => void) | undefined;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("data", (chunk: Uint8Array<ArrayBuffer>) => this.#push(chunk));
    socket.on("end", () => this.#finish(undefined));
    socket.on("error", (error) => this.#finish(error));
    socket.on("close", () => this.#finish(undefined));
  }

  async next(): Promise<Uint8Array<ArrayBuffer> | null> {
    while (this.#chunks.length === 0) {
      if (this.#end?.error !== undefined) throw this.#end.error;
      if (this.#end !== undefined) return null;
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
    const chunk = this.#chunks.shift()!;
    this.#lenBytes -= chunk.length;
    if (this.#lenBytes <= MAX_UNREAD_BYTES / 2 && this.#socket.isPaused()) this.#socket.resume();
    return chunk;
  }

  #push(chunk: Uint8Array<ArrayBuffer>): void {
    this.#chunks.push(chunk);
    this.#lenBytes += chunk.length;
    if (this.#lenBytes > MAX_UNREAD_BYTES) this.#socket.pause();
    this.#wakeReader();
  }

  #finish(error: Error | undefined): void {
    this.#end ??= { error };
    this.#wakeReader();
  }

  #wakeReader(): void {
    this.#wake?.();
    this.#wake = undefined;
  }
}

/**
 * A {@linkcode ByteStream} over a Node.js socket; takes the socket. Half as fast as a connection of
 * Deno's own (7 against 13 Gbit/s copied, measured), but it can send a reset.
 */
export function socketStream(socket: Socket): ByteStream {
  const inbox = new Inbox(socket);
  return {
    remoteAddress: `${(socket.remoteAddress ?? "").replace(/^::ffff:/, "")}:${socket.remotePort}`,
    read: () => inbox.next(),
    write: (bytes) =>
      new Promise((resolve, reject) => {
        if (socket.destroyed) return reject(new Error("Cannot write: the socket is closed"));
        const onClose = () => reject(new Error("Cannot write: the socket closed"));
        socket.once("close", onClose);
        socket.write(bytes, (error) => {
          socket.off("close", onClose);
          error ? reject(error) : resolve();
        });
      }),
    closeWrite: () => new Promise((resolve) => void socket.end(() => resolve())),
    close: () => void socket.destroy(),
    abort: () => void socket.resetAndDestroy(),
  };
}
