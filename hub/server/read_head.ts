import type { Waits } from "../../core/clock/mod.ts";
import { headEnd, MAX_HEAD_BYTES, mayBeRequest } from "./request_head.ts";

const FIRST_READ_BYTES = 2 * 1024;

/** Buffers of connections that have sent their heads, kept for others. */
const spare: Uint8Array<ArrayBuffer>[] = [];
const MAX_SPARE = 64;

const latin1 = new TextDecoder("latin1");

/** What a connection began with. */
export interface ConnectionHead {
  /** All that was read. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The head without its empty line; undefined if what came cannot be a head that matters here. */
  readonly text: string | undefined;
  /** A copy of what was read behind the empty line. */
  readonly rest: Uint8Array<ArrayBuffer>;
}

/** Takes `bytes` of a head that has been dealt with, for another connection to be read into. */
export function spend({ bytes: { buffer } }: ConnectionHead): void {
  if (buffer.byteLength !== FIRST_READ_BYTES || spare.length === MAX_SPARE) return;
  spare.push(new Uint8Array(buffer));
}

/**
 * Reads a connection up to the end of the head of its first request, or until it is clear that there
 * will be none. Undefined if it ends, breaks or is closed before.
 *
 * @param waits as long as that may take
 * @param onLate called if it takes longer; is to close the connection
 */
export async function readHead(
  conn: Pick<Deno.TcpConn, "read">,
  { waits, onLate }: { waits: Waits; onLate: () => void },
): Promise<ConnectionHead | undefined> {
  const timer = waits.begin(onLate);
  let buffer = spare.pop() ?? new Uint8Array(FIRST_READ_BYTES);
  let length = 0;
  try {
    for (;;) {
      const count = await conn.read(buffer.subarray(length));
      if (count === null) return undefined;
      length += count;
      const bytes = buffer.subarray(0, length);
      const end = headEnd(bytes);
      if (end >= 0) {
        const text = latin1.decode(bytes.subarray(0, end - 4));
        return { bytes, text, rest: bytes.slice(end) };
      }
      if (!mayBeRequest(bytes) || length === MAX_HEAD_BYTES) {
        return { bytes, text: undefined, rest: bytes.slice(length) };
      }
      if (length === buffer.length) {
        const larger = new Uint8Array(MAX_HEAD_BYTES);
        larger.set(buffer);
        buffer = larger;
      }
    }
  } catch {
    // It was reset, or closed from this side: in either way nobody waits for an answer.
    return undefined;
  } finally {
    timer.cancel();
  }
}
