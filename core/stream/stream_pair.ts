import type { ByteStream } from "./stream.ts";

/** One direction of a pair: written bytes wait until the other side reads them. */
class Pipe {
  readonly #chunks: Uint8Array<ArrayBuffer>[] = [];
  #end: "finished" | "reset" | undefined;
  #wake: (() => void) | undefined;

  write(bytes: Uint8Array): void {
    if (this.#end !== undefined) throw new Error("Cannot write: the stream is closed");
    this.#chunks.push(bytes.slice());
    this.#notify();
  }

  finish(how: "finished" | "reset"): void {
    this.#end ??= how;
    this.#notify();
  }

  async read(): Promise<Uint8Array<ArrayBuffer> | null> {
    while (this.#chunks.length === 0) {
      if (this.#end === "reset") throw new Error("Cannot read: the stream was reset");
      if (this.#end === "finished") return null;
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
    return this.#chunks.shift()!;
  }

  #notify(): void {
    this.#wake?.();
    this.#wake = undefined;
  }
}

function end(incoming: Pipe, outgoing: Pipe): ByteStream {
  return {
    remoteAddress: "192.0.2.1:443",
    read: () => incoming.read(),
    write: (bytes) => Promise.resolve().then(() => outgoing.write(bytes)),
    closeWrite: () => Promise.resolve(outgoing.finish("finished")),
    close() {
      incoming.finish("finished");
      outgoing.finish("finished");
    },
    abort() {
      incoming.finish("finished");
      outgoing.finish("reset");
    },
  };
}

/** Two {@linkcode ByteStream}s connected in memory, for tests; what is written is never lost. */
export function streamPair(): [ByteStream, ByteStream] {
  const [there, back] = [new Pipe(), new Pipe()];
  return [end(back, there), end(there, back)];
}
