import { Buffer } from "node:buffer";

/** Length and place of a frame's payload. Spec: RFC 6455 §5.2. */
interface FrameLayout {
  mask: Uint8Array | undefined;
  start: number;
  end: number;
}

function frameAt(bytes: Buffer, at: number): FrameLayout | undefined {
  if (at + 2 > bytes.length) return undefined;
  const masked = (bytes[at + 1]! & 0x80) !== 0;
  const short = bytes[at + 1]! & 0x7f;
  const extended = short === 127 ? 8 : short === 126 ? 2 : 0;
  let start = at + 2 + extended;
  if (start + (masked ? 4 : 0) > bytes.length) return undefined;
  const lengthBytes = extended === 8
    ? Number(bytes.readBigUInt64BE(at + 2))
    : extended === 2
    ? bytes.readUInt16BE(at + 2)
    : short;
  const mask = masked ? bytes.subarray(start, start + 4) : undefined;
  if (masked) start += 4;
  return { mask, start, end: start + lengthBytes };
}

/**
 * The payloads of all frames of one direction of a recorded WebSocket connection, unmasked, one
 * after the other; a frame that was cut short counts as far as it goes. Without an HTTP head before
 * the frames there is nothing to find.
 */
export function webSocketPayloads(recorded: Uint8Array): Uint8Array {
  const bytes = Buffer.from(recorded.buffer, recorded.byteOffset, recorded.length);
  const head = bytes.indexOf("\r\n\r\n");
  const payloads: Uint8Array[] = [];
  for (let at = head + 4; head >= 0;) {
    const frame = frameAt(bytes, at);
    if (frame === undefined) break;
    const { mask, start, end } = frame;
    const payload = Uint8Array.prototype.slice.call(bytes, start, Math.min(end, bytes.length));
    if (mask !== undefined) {
      for (let i = 0; i < payload.length; i++) payload[i]! ^= mask[i & 3]!;
    }
    payloads.push(payload);
    at = end;
  }
  return Buffer.concat(payloads);
}
