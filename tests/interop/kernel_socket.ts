import { Buffer } from "node:buffer";
import type { Socket } from "node:net";
import type { ScriptedConn } from "./tcp_script.ts";

const NOTHING: Uint8Array = new Uint8Array(0);

/** A connection of the kernel. Not `Deno.TcpConn`, which sends a FIN before it resets. */
export class KernelSocket implements ScriptedConn {
  readonly #socket: Socket;
  readonly #chunks: AsyncIterator<Buffer>;
  #unread = NOTHING;

  /** Takes an open socket that does not end by itself when the peer has finished. */
  constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    // A call that fails tells; a socket whose error nobody listens to would end the program.
    socket.on("error", () => {});
    this.#chunks = socket.iterator({ destroyOnReturn: false });
  }

  async read(into: Uint8Array): Promise<number | null> {
    if (this.#unread.length === 0) {
      const next = await this.#chunks.next();
      if (next.done) return null;
      this.#unread = next.value;
    }
    const count = Math.min(into.length, this.#unread.length);
    into.set(this.#unread.subarray(0, count));
    this.#unread = this.#unread.subarray(count);
    return count;
  }

  async write(bytes: Uint8Array): Promise<number> {
    await new Promise<void>((resolve, reject) => {
      this.#socket.write(bytes, (error) => error ? reject(error) : resolve());
    });
    return bytes.length;
  }

  async closeWrite(): Promise<void> {
    await new Promise<void>((resolve) => this.#socket.end(resolve));
  }

  close(): void {
    this.#socket.destroy();
  }

  /** Resets the connection. */
  reset(): void {
    this.#socket.resetAndDestroy();
  }
}
