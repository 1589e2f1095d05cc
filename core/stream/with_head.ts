import type { ByteStream } from "./stream.ts";

/**
 * A stream with bytes put back in front of it that were read while finding out what it is; takes
 * both. It is the stream itself if there are none.
 */
export function withHead(stream: ByteStream, head: Uint8Array<ArrayBuffer>): ByteStream {
  if (head.length === 0) return stream;
  let pending: Uint8Array<ArrayBuffer> | undefined = head;
  return {
    remoteAddress: stream.remoteAddress,
    read() {
      if (pending === undefined) return stream.read();
      const bytes = pending;
      pending = undefined;
      return Promise.resolve(bytes);
    },
    write: (bytes) => stream.write(bytes),
    closeWrite: () => stream.closeWrite(),
    close: () => stream.close(),
    abort: () => stream.abort(),
  };
}
