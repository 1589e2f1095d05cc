import { dial, isGone, Target, writeAll } from "./tcp.ts";

/** Passes connections on to a port until it is told to break them all. */
export class Cutter implements AsyncDisposable {
  readonly #target: Target;
  readonly #open = new Set<Deno.TcpConn>();

  /** Starts to listen; `port` says where to go at the moment of each connection. */
  constructor(port: () => number) {
    this.#target = new Target((inbound) => this.#relay(inbound, port()));
  }

  /** Port on 127.0.0.1 to dial. */
  get port(): number {
    return this.#target.port;
  }

  /** Breaks every connection at once, as a network does that goes away; gives their number. */
  cut(): number {
    const ends = [...this.#open];
    for (const end of ends) this.#close(end);
    return ends.length / 2;
  }

  /** Cuts every connection, and listens no longer. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.cut();
    await this.#target[Symbol.asyncDispose]();
  }

  async #relay(inbound: Deno.TcpConn, port: number): Promise<void> {
    const outbound = await dial(port).catch((error) => {
      if (error instanceof Deno.errors.ConnectionRefused) return undefined;
      throw error;
    });
    if (outbound === undefined) return;
    this.#open.add(inbound).add(outbound);
    try {
      await Promise.all([this.#pump(inbound, outbound), this.#pump(outbound, inbound)]);
    } finally {
      this.#close(inbound);
      this.#close(outbound);
    }
  }

  #close(connection: Deno.TcpConn): void {
    if (!this.#open.delete(connection)) return;
    try {
      connection.close();
    } catch (error) {
      if (!isGone(error)) throw error;
    }
  }

  async #pump(from: Deno.TcpConn, to: Deno.TcpConn): Promise<void> {
    const buffer = new Uint8Array(64 * 1024);
    for (;;) {
      const count = await from.read(buffer);
      if (count === null) break;
      await writeAll(to, buffer.subarray(0, count));
    }
    await to.closeWrite();
  }
}
