/** Opcodes. Spec: RFC 6455 §5.2 */
export const Opcode = {
  continuation: 0x0,
  text: 0x1,
  binary: 0x2,
  close: 0x8,
  ping: 0x9,
  pong: 0xa,
} as const;

/** An opcode that RFC 6455 defines. */
export type Opcode = typeof Opcode[keyof typeof Opcode];

/** Longest frame header: 2 bytes, a 64-bit length and a masking key. Spec: RFC 6455 §5.2 */
export const MAX_HEADER_BYTES = 14;

/** Longest payload of a control frame. Spec: RFC 6455 §5.5 */
export const MAX_CONTROL_PAYLOAD_BYTES = 125;

/** First byte: final fragment. Spec: RFC 6455 §5.2 */
export const FIN_BIT = 0x80;

/** Second byte: the payload is masked. Spec: RFC 6455 §5.2 */
export const MASK_BIT = 0x80;

/** Status codes that this implementation sends or reports. Spec: RFC 6455 §7.4.1 */
export const CloseCode = {
  normal: 1000,
  goingAway: 1001,
  protocolError: 1002,
  /** Reported where a close frame carried no code; never sent. */
  noStatus: 1005,
  /** Reported where the connection ended without a close frame; never sent. */
  abnormal: 1006,
  invalidPayload: 1007,
  policyViolation: 1008,
  tooBig: 1009,
} as const;

/** Length in bytes of the header of a frame with this payload. */
export function headerBytes(payloadBytes: number, masked: boolean): number {
  return 2 + (payloadBytes < 126 ? 0 : payloadBytes <= 0xffff ? 2 : 8) + (masked ? 4 : 0);
}

/**
 * Writes the header of an unfragmented frame at `offset` and returns the offset behind it.
 *
 * @param maskKey masking key as the big-endian u32 of its four bytes; undefined for no mask
 */
export function writeFrameHeader(
  bytes: Uint8Array,
  offset: number,
  opcode: Opcode,
  payloadBytes: number,
  maskKey: number | undefined,
): number {
  const maskBit = maskKey === undefined ? 0 : MASK_BIT;
  bytes[offset++] = FIN_BIT | opcode;
  if (payloadBytes < 126) {
    bytes[offset++] = maskBit | payloadBytes;
  } else if (payloadBytes <= 0xffff) {
    bytes[offset++] = maskBit | 126;
    bytes[offset++] = payloadBytes >>> 8;
    bytes[offset++] = payloadBytes;
  } else {
    bytes[offset++] = maskBit | 127;
    offset = writeUint32(bytes, offset, Math.floor(payloadBytes / 2 ** 32));
    offset = writeUint32(bytes, offset, payloadBytes >>> 0);
  }
  return maskKey === undefined ? offset : writeUint32(bytes, offset, maskKey);
}

function writeUint32(bytes: Uint8Array, offset: number, value: number): number {
  bytes[offset] = value >>> 24;
  bytes[offset + 1] = value >>> 16;
  bytes[offset + 2] = value >>> 8;
  bytes[offset + 3] = value;
  return offset + 4;
}

/** Below this length a plain loop beats making an `Int32Array` (`frame_bench.ts`). */
const WORDWISE_MIN_BYTES = 64;

const LITTLE_ENDIAN = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1;

function byteSwap(word: number): number {
  return (word << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24);
}

function maskBytewise(bytes: Uint8Array, start: number, end: number, key: number): void {
  for (let i = start, shift = 24; i < end; i++, shift = (shift - 8) & 31) {
    bytes[i]! ^= key >>> shift;
  }
}

/**
 * Masks, or unmasks, the bytes from `start` to `end` in place.
 *
 * @param key masking key as the big-endian u32 of its four bytes; its first byte applies at `start`
 *
 * Spec: RFC 6455 §5.3
 */
export function applyMask(
  bytes: Uint8Array<ArrayBuffer>,
  start: number,
  end: number,
  key: number,
): void {
  if (end - start < WORDWISE_MIN_BYTES) return maskBytewise(bytes, start, end, key);
  const leadBytes = -(bytes.byteOffset + start) & 3;
  maskBytewise(bytes, start, start + leadBytes, key);
  const rotated = leadBytes === 0 ? key : (key << (8 * leadBytes)) | (key >>> (32 - 8 * leadBytes));
  const words = (end - start - leadBytes) >>> 2;
  maskWords(
    new Int32Array(bytes.buffer, bytes.byteOffset + start + leadBytes, words),
    LITTLE_ENDIAN ? byteSwap(rotated) : rotated,
  );
  maskBytewise(bytes, start + leadBytes + 4 * words, end, rotated);
}

/** Unrolled, because this loop touches every byte that a client sends and a hub receives. */
function maskWords(words: Int32Array, key: number): void {
  const unrolled = words.length & ~7;
  let i = 0;
  for (; i < unrolled; i += 8) {
    words[i]! ^= key;
    words[i + 1]! ^= key;
    words[i + 2]! ^= key;
    words[i + 3]! ^= key;
    words[i + 4]! ^= key;
    words[i + 5]! ^= key;
    words[i + 6]! ^= key;
    words[i + 7]! ^= key;
  }
  for (; i < words.length; i++) words[i]! ^= key;
}
