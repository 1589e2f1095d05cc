import type { Socket } from "node:net";
import { plainAddress } from "./plain_address.ts";
import type { ByteStream } from "./stream.ts";
import { Turns } from "./turns.ts";

/** Bytes that may wait in memory for a reader before the socket is paused. */
const MAX_UNREAD_BYTES = 256 * 1024;

interface PendingRead {
  readonly resolve: (chunk: Uint8Array<ArrayBuffer> | null) => void;
  readonly reject: (error: Error) => void;
}

interface PendingWrite {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

class SocketStream implements ByteStream {
  readonly remoteAddress: string;
  readonly #socket: Socket;
  readonly #chunks: Uint8Array<ArrayBuffer>[] = [];
  readonly #turns = new Turns();
  #lastCount = 0;
  #unreadBytes = 0;
  #end: { error: Error | undefined } | undefined;
  #reader: PendingRead | undefined;
  /** The write that the system has not taken all of yet. */
  #writer: PendingWrite | undefined;
  /** Waits for the FIN to be on its way. */
  #closer: (() => void) | undefined;
  /** Callbacks to come of writes that were over at once. */
  #lateCallbacks = 0;

  constructor(socket: Socket) {
    const { remoteAddress = "", remotePort } = socket;
    this.remoteAddress = `${plainAddress(remoteAddress)}:${remotePort}`;
    this.#socket = socket;
    const finish = (error?: unknown) => this.#finish(error instanceof Error ? error : undefined);
    socket.on("data", (chunk: Uint8Array<ArrayBuffer>) => this.#push(chunk));
    socket.on("end", finish);
    socket.on("error", finish);
    socket.on("close", () => {
      this.#closer?.();
      // An error costs as much as the rest of the end: most sockets close with no write under way.
      if (this.#writer !== undefined) {
        this.#settleWrite(new Error("Cannot write: the socket closed"));
      }
      finish();
    });
  }

  read(): Promise<Uint8Array<ArrayBuffer> | null> {
    const turn = this.#turns.afterRead(this.#lastCount);
    return turn === undefined ? this.#read() : turn.then(() => this.#read());
  }

  // Not an async function: what one keeps while it waits is a tenth of an idle connection.
  #read(): Promise<Uint8Array<ArrayBuffer> | null> {
    return new Promise((resolve, reject) => {
      this.#reader = { resolve, reject };
      this.#settleRead();
    });
  }

  #settleRead(): void {
    const reader = this.#reader;
    const chunk = this.#chunks[0];
    if (reader === undefined || (chunk === undefined && this.#end === undefined)) return;
    this.#reader = undefined;
    if (chunk !== undefined) {
      this.#chunks.shift();
      this.#took(chunk.length);
      reader.resolve(chunk);
    } else if (this.#end?.error !== undefined) reader.reject(this.#end.error);
    else reader.resolve(null);
  }

  #took(count: number): void {
    this.#lastCount = count;
    this.#unreadBytes -= count;
    if (this.#unreadBytes <= MAX_UNREAD_BYTES / 2 && this.#socket.isPaused()) this.#socket.resume();
  }

  write(bytes: Uint8Array): Promise<void> {
    const socket = this.#socket;
    if (socket.destroyed) return Promise.reject(new Error("Cannot write: the socket is closed"));
    socket.write(bytes, this.#onWritten);
    // The system took it: what the callback will say is known, and what fails later fails the next.
    if (socket.writableLength === 0) {
      this.#lateCallbacks++;
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => this.#writer = { resolve, reject });
  }

  readonly #onWritten = (error?: Error | null): void => {
    if (this.#lateCallbacks > 0) this.#lateCallbacks--;
    else this.#settleWrite(error);
  };

  #settleWrite(error: Error | null | undefined): void {
    const writer = this.#writer;
    this.#writer = undefined;
    if (error) writer?.reject(error);
    else writer?.resolve();
  }

  closeWrite(): Promise<void> {
    if (this.#socket.destroyed) return Promise.resolve();
    return new Promise((resolve) => {
      // A socket that is being reset calls nobody back for an end that comes too late: its close does.
      this.#closer = resolve;
      this.#socket.end(resolve);
    });
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
    this.#settleRead();
  }

  #finish(error: Error | undefined): void {
    this.#end ??= { error };
    this.#settleRead();
  }
}

/**
 * A {@linkcode ByteStream} over a Node.js socket; takes the socket. Half as fast as a connection of
 * Deno's own (7 against 13 Gbit/s copied, measured), but it can send a reset.
 */
export function socketStream(socket: Socket): ByteStream {
  return new SocketStream(socket);
}
