import type { Socket } from "node:net";
import type { ByteStream } from "./stream.ts";
import { Turns } from "./turns.ts";

/** Bytes that may wait in memory for a reader before the socket is paused. */
const MAX_UNREAD_BYTES = 256 * 1024;

class SocketStream implements ByteStream {
  readonly remoteAddress: string;
  readonly #socket: Socket;
  readonly #chunks: Uint8Array<ArrayBuffer>[] = [];
  readonly #turns = new Turns();
  #lastCount = 0;
  #unreadBytes = 0;
  #end: { error: Error | undefined } | undefined;
  #wakeReader: (() => void) | undefined;
  /** Fails the write under way. */
  #failWrite: ((error: Error) => void) | undefined;

  constructor(socket: Socket) {
    const { remoteAddress = "", remotePort } = socket;
    this.remoteAddress = `${remoteAddress.replace(/^::ffff:/, "")}:${remotePort}`;
    this.#socket = socket;
    const finish = (error?: unknown) => this.#finish(error instanceof Error ? error : undefined);
    socket.on("data", (chunk: Uint8Array<ArrayBuffer>) => this.#push(chunk));
    socket.on("end", finish);
    socket.on("error", finish);
    socket.on("close", () => {
      this.#failWrite?.(new Error("Cannot write: the socket closed"));
      finish();
    });
  }

  async read(): Promise<Uint8Array<ArrayBuffer> | null> {
    const turn = this.#turns.afterRead(this.#lastCount);
    if (turn !== undefined) await turn;
    while (this.#chunks.length === 0) {
      if (this.#end?.error !== undefined) throw this.#end.error;
      if (this.#end !== undefined) return null;
      await new Promise<void>((resolve) => this.#wakeReader = resolve);
    }
    const chunk = this.#chunks.shift()!;
    this.#lastCount = chunk.length;
    this.#unreadBytes -= chunk.length;
    if (this.#unreadBytes <= MAX_UNREAD_BYTES / 2 && this.#socket.isPaused()) this.#socket.resume();
    return chunk;
  }

  write(bytes: Uint8Array): Promise<void> {
    const socket = this.#socket;
    return new Promise((resolve, reject) => {
      if (socket.destroyed) return reject(new Error("Cannot write: the socket is closed"));
      this.#failWrite = reject;
      socket.write(bytes, (error) => {
        this.#failWrite = undefined;
        error ? reject(error) : resolve();
      });
    });
  }

  closeWrite(): Promise<void> {
    return new Promise((resolve) => void this.#socket.end(() => resolve()));
  }

  close(): void {
    this.#socket.destroy();
  }

  abort(): void {
    this.#socket.resetAndDestroy();
  }

  #push(chunk: Uint8Array<ArrayBuffer>): void {
    this.#chunks.push(chunk);
    this.#unreadBytes += chunk.length;
    if (this.#unreadBytes > MAX_UNREAD_BYTES) this.#socket.pause();
    this.#wake();
  }

  #finish(error: Error | undefined): void {
    this.#end ??= { error };
    this.#wake();
  }

  #wake(): void {
    this.#wakeReader?.();
    this.#wakeReader = undefined;
  }
}

/**
 * A {@linkcode ByteStream} over a Node.js socket; takes the socket. Half as fast as a connection of
 * Deno's own (7 against 13 Gbit/s copied, measured), but it can send a reset.
 */
export function socketStream(socket: Socket): ByteStream {
  return new SocketStream(socket);
}
