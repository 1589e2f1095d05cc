import { until } from "./until.ts";

/** Opens a connection to a port of this machine. The caller closes it. */
export async function dial(port: number): Promise<Deno.TcpConn> {
  const connection = await Deno.connect({ hostname: "127.0.0.1", port });
  connection.setNoDelay(true);
  return connection;
}

/** Writes all of `bytes`. */
export async function writeAll(connection: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await connection.write(bytes.subarray(at));
}

/**
 * Reads exactly `lengthBytes`.
 *
 * @throws {Error} when the peer ends first, telling how much came.
 */
export async function readExactly(connection: Deno.Conn, lengthBytes: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(lengthBytes);
  for (let at = 0; at < lengthBytes;) {
    const count = await connection.read(bytes.subarray(at));
    if (count === null) throw new Error(`Cannot read: ended after ${at} of ${lengthBytes} bytes`);
    at += count;
  }
  return bytes;
}

/** Opens a connection to an echo service, and has one byte come back. The caller closes it. */
export async function dialEcho(port: number): Promise<Deno.TcpConn> {
  const connection = await dial(port);
  try {
    await writeAll(connection, new Uint8Array([42]));
    const [byte] = await readExactly(connection, 1);
    if (byte !== 42) throw new Error(`Cannot open an echo: sent 42, ${byte} came back`);
    return connection;
  } catch (error) {
    connection.close();
    throw error;
  }
}

/** Reads until the peer ends its direction. */
export async function readToEnd(connection: Deno.Conn): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let lengthBytes = 0;
  for (;;) {
    const chunk = new Uint8Array(64 * 1024);
    const count = await connection.read(chunk);
    if (count === null) break;
    chunks.push(chunk.subarray(0, count));
    lengthBytes += count;
  }
  const all = new Uint8Array(lengthBytes);
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.length;
  }
  return all;
}

/** True for the errors of a connection that its other side, or this side, has done away with. */
export function isGone(error: unknown): boolean {
  return error instanceof Deno.errors.ConnectionReset ||
    error instanceof Deno.errors.ConnectionAborted || error instanceof Deno.errors.BrokenPipe ||
    error instanceof Deno.errors.BadResource || error instanceof Deno.errors.Interrupted ||
    error instanceof Deno.errors.NotConnected;
}

/** Serves one connection; may return early, the target closes the connection in any case. */
export type Service = (connection: Deno.TcpConn) => Promise<void>;

/** A TCP service on a port that the system picks: what stands behind an agent in tests. */
export class Target implements AsyncDisposable {
  /** Port on 127.0.0.1. */
  readonly port: number;
  readonly #listener: Deno.TcpListener;
  readonly #open = new Set<Deno.TcpConn>();
  readonly #failures: unknown[] = [];
  readonly #loop: Promise<void>;
  readonly #served: Promise<void>[] = [];

  /** Starts to listen. */
  constructor(service: Service) {
    this.#listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    this.port = (this.#listener.addr as Deno.NetAddr).port;
    this.#loop = this.#accept(service);
  }

  /** Connections being served. */
  get openCount(): number {
    return this.#open.size;
  }

  /** Waits until exactly `count` connections are being served. */
  async waitForOpen(count: number): Promise<void> {
    await until(() => this.openCount === count, {
      what: `${count} open connections at the target`,
    });
  }

  /** Closes the listener and every connection at once, as a service that dies. */
  close(): void {
    try {
      this.#listener.close();
    } catch (error) {
      if (!isGone(error)) throw error;
    }
    for (const connection of this.#open) closeQuietly(connection);
  }

  /** Closes everything. @throws {Error} what the service threw, unless its peer was just gone. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
    await this.#loop;
    await Promise.all(this.#served);
    if (this.#failures.length > 0) throw this.#failures[0];
  }

  async #accept(service: Service): Promise<void> {
    for await (const connection of this.#listener) {
      this.#open.add(connection);
      this.#served.push(this.#serve(connection, service));
    }
  }

  async #serve(connection: Deno.TcpConn, service: Service): Promise<void> {
    try {
      // Throws for a connection that was reset while it waited to be accepted.
      connection.setNoDelay(true);
      await service(connection);
    } catch (error) {
      if (!isGone(error)) this.#failures.push(error);
    } finally {
      this.#open.delete(connection);
      closeQuietly(connection);
    }
  }
}

/** Closes a connection that may be closed already. */
function closeQuietly(connection: Deno.Conn): void {
  try {
    connection.close();
  } catch (error) {
    if (!isGone(error)) throw error;
  }
}

/** Sends back what it gets, and ends its direction when the peer has ended. */
export async function echo(connection: Deno.TcpConn): Promise<void> {
  const buffer = new Uint8Array(64 * 1024);
  for (;;) {
    const count = await connection.read(buffer);
    if (count === null) break;
    await writeAll(connection, buffer.subarray(0, count));
  }
  await connection.closeWrite();
}
