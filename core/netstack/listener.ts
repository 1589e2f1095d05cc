import type { TcpAddr, TcpConn } from "./conn.ts";
import { type TcpError, tcpError } from "./errors.ts";

interface Waiter {
  readonly resolve: (conn: TcpConn) => void;
  readonly reject: (error: TcpError) => void;
}

/** What holds a place of the backlog: half-open, waiting to be accepted, or both. */
export interface BacklogPlace {
  /** Whether the handshake goes on. */
  halfOpen: boolean;
  /** The connection, while it waits to be accepted. */
  conn: TcpConn | undefined;
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
  readonly #ready: BacklogPlace[] = [];
  readonly #waiters: Waiter[] = [];
  #placesTaken = 0;
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
    const place = this.#ready.shift();
    if (place?.conn !== undefined) {
      const { conn } = place;
      place.conn = undefined;
      this.#vacate(place);
      return Promise.resolve(conn);
    }
    if (this.#closed) return Promise.reject(tcpError("closed", "accept"));
    return new Promise((resolve, reject) => this.#waiters.push({ resolve, reject }));
  }

  /** Frees the port: pending accepts reject, connections that nobody has accepted are reset. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#onClose();
    for (const { conn } of this.#ready.splice(0)) conn?.abort();
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

  /** For the stack: takes a place for a SYN; undefined if the backlog is full. */
  reserve(): BacklogPlace | undefined {
    if (this.#placesTaken >= this.#backlog) return undefined;
    this.#placesTaken++;
    return { halfOpen: true, conn: undefined };
  }

  /** For the stack: the handshake in this place is complete, or given up. */
  handshakeOver(place: BacklogPlace): void {
    place.halfOpen = false;
    this.#vacate(place);
  }

  /** For the stack: hands the connection of this place over. */
  deliver(place: BacklogPlace, conn: TcpConn): void {
    if (this.#closed) return conn.abort();
    const waiter = this.#waiters.shift();
    if (waiter !== undefined) return waiter.resolve(conn);
    place.conn = conn;
    this.#ready.push(place);
  }

  #vacate({ halfOpen, conn }: BacklogPlace): void {
    if (!halfOpen && conn === undefined) this.#placesTaken--;
  }
}
