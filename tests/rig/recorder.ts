import { Buffer } from "node:buffer";
import { dial, Target, writeAll } from "./tcp.ts";
import { webSocketPayloads } from "./websocket.ts";

/**
 * Passes connections on to a port and keeps a copy of every byte, each direction of each connection
 * apart. It understands WebSocket masking: a masked secret is as readable as one in the clear.
 */
export class Recorder implements AsyncDisposable {
  readonly #target: Target;
  readonly #streams: Uint8Array[][] = [];

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
    return this.#streams.flat().reduce((sum, chunk) => sum + chunk.length, 0);
  }

  /** True if `text` passed, in the clear or within WebSocket messages. */
  contains(text: string): boolean {
    return this.#streams.some((chunks) => {
      const raw = Buffer.concat(chunks);
      return raw.includes(text) || Buffer.from(webSocketPayloads(raw)).includes(text);
    });
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
    const chunks: Uint8Array[] = [];
    this.#streams.push(chunks);
    const buffer = new Uint8Array(64 * 1024);
    for (;;) {
      const count = await from.read(buffer);
      if (count === null) break;
      chunks.push(buffer.slice(0, count));
      await writeAll(to, buffer.subarray(0, count));
    }
    await to.closeWrite();
  }
}
