/**
 * The four messages: named offsets from the first byte, what tells them apart, and little-endian
 * fields. Every message starts with its type and three reserved zero bytes. Spec: WG 5.4.
 */

/** First byte of each message. */
export const MESSAGE_TYPE = { initiation: 1, response: 2, cookie: 3, data: 4 } as const;

/** Handshake initiation, initiator to responder. Spec: WG 5.4.2. */
export const INITIATION = {
  sender: 4,
  ephemeral: 8,
  encryptedStatic: 40,
  encryptedTimestamp: 88,
  mac1: 116,
  mac2: 132,
  lengthBytes: 148,
} as const;

/** Handshake response, responder to initiator. Spec: WG 5.4.3. */
export const RESPONSE = {
  sender: 4,
  receiver: 8,
  ephemeral: 12,
  encryptedNothing: 44,
  mac1: 60,
  mac2: 76,
  lengthBytes: 92,
} as const;

/** Cookie reply, in place of the answer to either of the above. Spec: WG 5.4.7. */
export const COOKIE_REPLY = {
  receiver: 4,
  nonce: 8,
  encryptedCookie: 32,
  lengthBytes: 64,
} as const;

/** Transport data; an empty payload is a keepalive. Spec: WG 5.4.6. */
export const DATA = {
  receiver: 4,
  counterLow: 8,
  counterHigh: 12,
  payload: 16,
  /** Header and tag around an empty payload. */
  minLengthBytes: 32,
} as const;

/** What a message is, by its type, reserved bytes and length alone. */
export type MessageKind = keyof typeof MESSAGE_TYPE | "malformed";

/** Tells the kind of the message from `start` to `end`; any other bytes are `"malformed"`. */
export function classify(bytes: Uint8Array, start: number, end: number): MessageKind {
  const length = end - start;
  if (length < DATA.minLengthBytes) return "malformed";
  if ((bytes[start + 1]! | bytes[start + 2]! | bytes[start + 3]!) !== 0) return "malformed";
  switch (bytes[start]!) {
    case MESSAGE_TYPE.data:
      return "data";
    case MESSAGE_TYPE.initiation:
      return length === INITIATION.lengthBytes ? "initiation" : "malformed";
    case MESSAGE_TYPE.response:
      return length === RESPONSE.lengthBytes ? "response" : "malformed";
    case MESSAGE_TYPE.cookie:
      return length === COOKIE_REPLY.lengthBytes ? "cookie" : "malformed";
    default:
      return "malformed";
  }
}

/** Little-endian unsigned 32 bits at `offset`. Plain bytes, since borrowed buffers have no view. */
export function readU32(bytes: Uint8Array, offset: number): number {
  return (bytes[offset]! | bytes[offset + 1]! << 8 | bytes[offset + 2]! << 16 |
    bytes[offset + 3]! << 24) >>> 0;
}

/** Writes `value`, an unsigned 32-bit number, little-endian at `offset`. */
export function writeU32(bytes: Uint8Array, offset: number, value: number): void {
  bytes[offset] = value;
  bytes[offset + 1] = value >>> 8;
  bytes[offset + 2] = value >>> 16;
  bytes[offset + 3] = value >>> 24;
}
