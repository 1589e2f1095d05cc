import type { TcpAddr, TcpConn } from "./conn.ts";
import { type TcpError, tcpError } from "./errors.ts";

interface Waiter {
  readonly resolve: (conn: TcpConn) => void;
  readonly reject: (error: TcpError) => void;
}

/** Options of {@linkcode TcpListener}. */
export interface TcpListenerOptions {
  /** Address and port. */
  addr: TcpAddr;
  /** Connections that may wait, half-open ones included. */
  backlog: number;
  /** Whether a connection is handed over at its SYN already. */
  atSyn: boolean;
  /** Takes the listener off its port. */
  onClose: () => void;
}

/** Connections to one port, in the shape of `Deno.TcpListener`. */
export class TcpListener implements AsyncIterable<TcpConn>, Disposable {
  /** Address and port it listens on. */
  readonly addr: TcpAddr;
  /** For the stack: whether connections are handed over at their SYN. */
  readonly atSyn: boolean;
  readonly #backlog: number;
  readonly #onClose: () => void;
  readonly #ready: TcpConn[] = [];
  readonly #waiters: Waiter[] = [];
  #halfOpen = 0;
  #closed = false;

  /** Called by the stack. */
  constructor({ addr, backlog, atSyn, onClose }: TcpListenerOptions) {
    this.addr = addr;
    this.atSyn = atSyn;
    this.#backlog = backlog;
    this.#onClose = onClose;
  }

  /** The next connection, in the order in which they became ready. Rejects with code `closed` after close. */
  accept(): Promise<TcpConn> {
    const conn = this.#ready.shift();
    if (conn !== undefined) return Promise.resolve(conn);
    if (this.#closed) return Promise.reject(tcpError("closed", "accept"));
    return new Promise((resolve, reject) => this.#waiters.push({ resolve, reject }));
  }

  /** Frees the port: pending accepts reject, connections that nobody has accepted are reset. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#onClose();
    for (const conn of this.#ready.splice(0)) conn.abort();
    for (const waiter of this.#waiters.splice(0)) waiter.reject(tcpError("closed", "accept"));
  }

  /** Connections until the listener is closed. */
  async *[Symbol.asyncIterator](): AsyncIterableIterator<TcpConn> {
    for (;;) {
      const conn = await this.#next();
      if (conn === undefined) return;
      yield conn;
    }
  }

  async #next(): Promise<TcpConn | undefined> {
    try {
      return await this.accept();
    } catch (error) {
      if (this.#closed) return undefined;
      throw error;
    }
  }

  /** Same as {@linkcode TcpListener.close}. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** For the stack: reserves a place for a SYN, unless the backlog is full. */
  reserve(): boolean {
    if (this.#halfOpen + this.#ready.length >= this.#backlog) return false;
    this.#halfOpen++;
    return true;
  }

  /** For the stack: a reserved place is free again, its connection being established or gone. */
  release(): void {
    this.#halfOpen--;
  }

  /** For the stack: hands a connection over. */
  deliver(conn: TcpConn): void {
    if (this.#closed) return conn.abort();
    const waiter = this.#waiters.shift();
    if (waiter === undefined) this.#ready.push(conn);
    else waiter.resolve(conn);
  }
}
