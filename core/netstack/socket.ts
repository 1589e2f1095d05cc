import type { Connection } from "../tcp/mod.ts";
import { type TcpError, tcpError, type TcpErrorCode } from "./errors.ts";

/** What a socket asks of its stack. */
export interface SocketHost {
  /** The state of the socket changed by a call: emit what follows within this event-loop turn. */
  touch(socket: Socket): void;
}

interface PendingRead {
  readonly into: Uint8Array;
  readonly resolve: (count: number | null) => void;
  readonly reject: (error: TcpError) => void;
}

interface PendingWrite {
  readonly bytes: Uint8Array;
  at: number;
  readonly resolve: (count: number) => void;
  readonly reject: (error: TcpError) => void;
}

/** A connection and the calls that wait for it. The public face is `TcpConn`. */
export class Socket {
  /** The protocol machine. */
  readonly connection: Connection;
  /** Whether the stack has it on its list of sockets to flush. */
  dirty = false;
  /** For the stack's queue of deadlines. */
  queuedAtMs: number = Infinity;
  /** For the stack's queue of deadlines. */
  queueIndex: number = -1;
  /** Told once: established, or failed before that. */
  onOpen: ((error: TcpError | undefined) => void) | undefined;
  readonly #host: SocketHost;
  #read: PendingRead | undefined;
  #write: PendingWrite | undefined;
  #closed = false;
  #writeClosed = false;
  #eof = false;

  /** Wraps a connection that is being opened. */
  constructor(connection: Connection, host: SocketHost) {
    this.connection = connection;
    this.#host = host;
  }

  /** Waits until bytes can be read into `into`, or for the end of the stream, or for a failure. */
  read(into: Uint8Array): Promise<number | null> {
    if (this.#read !== undefined) {
      return Promise.reject(
        new TypeError("Cannot read: another read of the connection is pending"),
      );
    }
    const { connection } = this;
    if (connection.readableBytes > 0 && into.length > 0 && !this.#closed) {
      const count = connection.read(into);
      if (connection.windowUpdateDue) this.#host.touch(this);
      return Promise.resolve(count);
    }
    const failure = this.#readFailure();
    if (failure !== undefined) return Promise.reject(tcpError(failure, "read"));
    if (this.#eof || connection.finReceived && connection.readableBytes === 0) {
      this.#eof = true;
      return Promise.resolve(null);
    }
    if (into.length === 0) return Promise.resolve(0);
    return new Promise((resolve, reject) => this.#read = { into, resolve, reject });
  }

  /** Waits until all of `bytes` is in the send buffer; they must not change meanwhile. */
  write(bytes: Uint8Array): Promise<number> {
    if (this.#write !== undefined) {
      return Promise.reject(
        new TypeError("Cannot write: another write to the connection is pending"),
      );
    }
    const failure = this.#writeFailure();
    if (failure !== undefined) return Promise.reject(tcpError(failure, "write"));
    const at = this.connection.write(bytes, 0);
    if (at > 0) this.#host.touch(this);
    if (at === bytes.length) return Promise.resolve(at);
    return new Promise((resolve, reject) => this.#write = { bytes, at, resolve, reject });
  }

  /** Takes bytes to go with the SYN, as {@linkcode Connection.writeWithSyn} does. */
  writeWithSyn(bytes: Uint8Array): number {
    const count = this.connection.writeWithSyn(bytes);
    if (count > 0) this.#host.touch(this);
    return count;
  }

  /** Sends a FIN behind everything written, a pending write included. */
  closeWrite(): Promise<void> {
    const failure = this.#closed ? "closed" : this.connection.failure;
    if (failure !== undefined) return Promise.reject(tcpError(failure, "close for writing"));
    if (this.#writeClosed) return Promise.resolve();
    this.#writeClosed = true;
    if (this.#write === undefined && this.connection.maySend) {
      this.connection.closeWrite();
      this.#host.touch(this);
    }
    return Promise.resolve();
  }

  /** Gives the connection up in an orderly way: what is in the send buffer is still sent. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#rejectPending("closed");
    this.connection.close();
    this.#host.touch(this);
  }

  /** Something about the connection was set that may change its timers. */
  wake(): void {
    this.#host.touch(this);
  }

  /** Gives the connection up at once. */
  abort(): void {
    this.connection.abort();
    this.#host.touch(this);
    this.settle();
  }

  /** Carries on the calls that wait, as far as the state of the connection allows. */
  settle(): void {
    const { connection } = this;
    if (this.onOpen !== undefined) this.#settleOpen();
    if (connection.failure !== undefined) return this.#rejectPending(connection.failure);
    if (this.#read !== undefined) this.#settleRead(this.#read);
    if (this.#write !== undefined) this.#settleWrite(this.#write);
  }

  #settleOpen(): void {
    const { connection, onOpen } = this;
    if (connection.synchronised) {
      if (this.#writeClosed && this.#write === undefined) connection.closeWrite();
      this.onOpen = undefined;
      onOpen?.(undefined);
    } else if (connection.state === "closed") {
      this.onOpen = undefined;
      onOpen?.(tcpError(connection.failure ?? "closed", "connect"));
    }
  }

  #settleRead({ into, resolve }: PendingRead): void {
    if (this.connection.readableBytes > 0) {
      // A read that a defect breaks off is still there to be rejected.
      const count = this.connection.read(into);
      this.#read = undefined;
      resolve(count);
    } else if (this.connection.finReceived) {
      this.#read = undefined;
      this.#eof = true;
      resolve(null);
    }
  }

  #settleWrite(pending: PendingWrite): void {
    pending.at += this.connection.write(pending.bytes, pending.at);
    if (pending.at < pending.bytes.length) return;
    this.#write = undefined;
    pending.resolve(pending.at);
    if (this.#writeClosed) this.connection.closeWrite();
  }

  #rejectPending(code: TcpErrorCode): void {
    const [read, write] = [this.#read, this.#write];
    this.#read = this.#write = undefined;
    read?.reject(tcpError(code, "read"));
    write?.reject(tcpError(code, "write"));
  }

  #readFailure(): TcpErrorCode | undefined {
    if (this.#closed) return "closed";
    return this.#eof ? undefined : this.connection.failure;
  }

  #writeFailure(): TcpErrorCode | undefined {
    return this.#closed || this.#writeClosed ? "closed" : this.connection.failure;
  }
}
