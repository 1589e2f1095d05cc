import type { ConnLike } from "./conn_stream.ts";
import { plainAddress } from "./plain_address.ts";
import {
  type RuntimeTcp,
  systemError,
  type TcpHandle,
  type TcpName,
  UV_EOF,
} from "./runtime_tcp.ts";

interface Pending<T> {
  readonly resolve: (value: T) => void;
  readonly reject: (error: Error) => void;
}

/** Options of {@linkcode HandleConn}. */
export interface HandleConnOptions {
  /** Where the socket comes from. */
  tcp: RuntimeTcp;
  /** Address of the peer. Default: asked of the socket. */
  remote?: { hostname: string; port: number };
  /** Called when it is closed. */
  onClose?: () => void;
}

/**
 * A connected socket of the runtime's. It reads when it is asked to, into the caller's own buffer, so
 * that nothing waits in memory and nothing is allocated for a read.
 */
export class HandleConn implements ConnLike {
  /** Address of the peer. */
  readonly remoteAddr: Deno.NetAddr;
  /** More at once holds others up for longer than it saves: this goes on into a tunnel packet by packet. */
  readonly maxReadBytes: number = 64 * 1024;
  readonly #tcp: RuntimeTcp;
  readonly #handle: TcpHandle;
  readonly #onClose: (() => void) | undefined;
  #buffer: Uint8Array | undefined;
  #reader: Pending<number | null> | undefined;
  /** The write that the system has not taken all of yet. */
  #writer: Pending<number> | undefined;
  /** Waits for the FIN to be on its way. */
  #closer: (() => void) | undefined;
  /** How reading ended: null for a FIN. */
  #end: Error | null | undefined;
  #closed = false;

  /** Takes a connected socket. */
  constructor(handle: TcpHandle, { tcp, remote, onClose }: HandleConnOptions) {
    this.#tcp = tcp;
    this.#handle = handle;
    this.#onClose = onClose;
    this.remoteAddr = { transport: "tcp", ...(remote ?? peerOf(handle)) };
    handle.onread = () => this.#onRead();
  }

  /** Reads at least one byte into `buffer`, one call at a time; null at the peer's FIN. */
  read(buffer: Uint8Array): Promise<number | null> {
    return new Promise((resolve, reject) => {
      this.#reader = { resolve, reject };
      if (this.#end !== undefined || this.#closed) return this.#settleRead();
      if (buffer !== this.#buffer) this.#handle.useUserBuffer(this.#buffer = buffer);
      const status = this.#handle.readStart();
      if (status < 0) this.#finish(systemError("read", status));
    });
  }

  #onRead(): void {
    const count = this.#tcp.readCount();
    if (count === 0) return;
    // Else the next bytes would take the place of these.
    this.#handle.readStop();
    if (count < 0) return this.#finish(count === UV_EOF ? null : systemError("read", count));
    const reader = this.#reader;
    this.#reader = undefined;
    reader?.resolve(count);
  }

  #finish(end: Error | null): void {
    this.#end ??= end;
    this.#settleRead();
  }

  #settleRead(): void {
    const reader = this.#reader;
    this.#reader = undefined;
    if (this.#end) reader?.reject(this.#end);
    else reader?.resolve(null);
  }

  /** Writes all of `bytes`, borrowed until this settles, one call at a time. */
  write(bytes: Uint8Array): Promise<number> {
    if (this.#closed) return Promise.reject(new Error("Cannot write: the socket is closed"));
    const request = this.#tcp.writeRequest();
    request.handle = this.#handle;
    const status = this.#handle.writeBuffer(request, bytes);
    if (status < 0) return Promise.reject(systemError("write", status));
    if (!this.#tcp.isWriting()) return Promise.resolve(bytes.length);
    request.buffer = bytes;
    return new Promise((resolve, reject) => {
      this.#writer = { resolve, reject };
      request.oncomplete = (status) => {
        this.#writer = undefined;
        if (status < 0) reject(systemError("write", status));
        else resolve(bytes.length);
      };
    });
  }

  /** Sends FIN behind what was written. */
  closeWrite(): Promise<void> {
    if (this.#closed) return Promise.resolve();
    const request = this.#tcp.shutdownRequest();
    request.handle = this.#handle;
    return new Promise((resolve, reject) => {
      // A socket that is being reset may call nobody back.
      this.#closer = resolve;
      request.oncomplete = (status) =>
        status < 0 ? reject(systemError("shutdown", status)) : resolve();
      const status = this.#handle.shutdown(request);
      if (status < 0) reject(systemError("shutdown", status));
    });
  }

  /** Closes both directions; a pending read gives null, a pending write rejects. Harmless when closed. */
  close(): void {
    this.#release(() => this.#handle.close());
  }

  /** Closes both directions with a reset. */
  abort(): void {
    this.#release(() => {
      if (this.#handle.reset() < 0) this.#handle.close();
    });
  }

  #release(close: () => void): void {
    if (this.#closed) return;
    this.#closed = true;
    close();
    this.#settleRead();
    this.#writer?.reject(new Error("Cannot write: the socket closed"));
    this.#writer = undefined;
    this.#closer?.();
    this.#onClose?.();
  }
}

function peerOf(handle: TcpHandle): { hostname: string; port: number } {
  const name: TcpName = {};
  handle.getpeername(name);
  return { hostname: plainAddress(name.address ?? ""), port: name.port ?? 0 };
}
