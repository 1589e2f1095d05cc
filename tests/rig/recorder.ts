import { dial, Target, writeAll } from "./tcp.ts";

/** Passes connections on to a port and keeps a copy of every byte, both ways. */
export class Recorder implements AsyncDisposable {
  readonly #target: Target;
  readonly #chunks: Uint8Array[] = [];

  /** Starts to listen, and passes on to `port` of this machine. */
  constructor(port: number) {
    this.#target = new Target((inbound) => this.#relay(inbound, port));
  }

  /** Port on 127.0.0.1 to dial instead of the recorded one. */
  get port(): number {
    return this.#target.port;
  }

  /** Bytes recorded so far. */
  get lengthBytes(): number {
    return this.#chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  }

  /** What passed so far, in the order of arrival, with directions and connections mixed. */
  bytes(): Uint8Array {
    const all = new Uint8Array(this.lengthBytes);
    let at = 0;
    for (const chunk of this.#chunks) {
      all.set(chunk, at);
      at += chunk.length;
    }
    return all;
  }

  /** Cuts every connection. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#target[Symbol.asyncDispose]();
  }

  async #relay(inbound: Deno.TcpConn, port: number): Promise<void> {
    using outbound = await dial(port);
    await Promise.all([this.#pump(inbound, outbound), this.#pump(outbound, inbound)]);
  }

  async #pump(from: Deno.TcpConn, to: Deno.TcpConn): Promise<void> {
    const buffer = new Uint8Array(64 * 1024);
    for (;;) {
      const count = await from.read(buffer);
      if (count === null) break;
      this.#chunks.push(buffer.slice(0, count));
      await writeAll(to, buffer.subarray(0, count));
    }
    await to.closeWrite();
  }
}
