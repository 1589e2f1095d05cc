/** First byte of every relay frame, `T`. Spec: wire.md 4.1 */
const MAGIC = 0x54;
const HOP_OFFSET = 1;
const FLAGS_OFFSET = 2;
const SESSION_ID_OFFSET = 3;

/** Hops a frame may take when its endpoint left the field 0. Spec: wire.md 4.4 */
const DEFAULT_HOPS = 8;

/** Length of the relay header in bytes. Spec: wire.md 4.1 */
export const RELAY_HEADER_BYTES = 7;

/** Values of the flags byte. Spec: wire.md 4.1 */
export const RelayFlags = { data: 0x00, control: 0x01 } as const;

/** A value of the flags byte. */
export type RelayFlags = typeof RelayFlags[keyof typeof RelayFlags];

/** First payload byte of a CONTROL frame. Spec: wire.md 4.3 */
export const RelayControl = { keepaliveRequest: 0x01, keepaliveResponse: 0x02 } as const;

/** What an endpoint makes of a message: one of the two kinds of frame, or why it is dropped. */
export type RelayFrame = "data" | "control" | "too-short" | "bad-magic";

/** What a hub does with a message from a paired socket. */
export type ForwardVerdict = "forward" | "hops-exhausted" | "invalid";

/**
 * Writes a header at `offset`, hop 0 as endpoints send it; the caller sees to it that
 * {@linkcode RELAY_HEADER_BYTES} bytes are free there.
 *
 * @param sessionId random u32 that the endpoint chose once for its session
 */
export function writeRelayHeader(
  bytes: Uint8Array,
  offset: number,
  flags: RelayFlags,
  sessionId: number,
): void {
  bytes[offset] = MAGIC;
  bytes[offset + HOP_OFFSET] = 0;
  bytes[offset + FLAGS_OFFSET] = flags;
  bytes[offset + SESSION_ID_OFFSET] = sessionId >>> 24;
  bytes[offset + SESSION_ID_OFFSET + 1] = sessionId >>> 16;
  bytes[offset + SESSION_ID_OFFSET + 2] = sessionId >>> 8;
  bytes[offset + SESSION_ID_OFFSET + 3] = sessionId;
}

/**
 * Kind of the frame from `start` to `end`; its payload begins {@linkcode RELAY_HEADER_BYTES} later.
 * Hop count and session id mean nothing to an endpoint.
 *
 * Spec: wire.md 4.5. The whole flags byte is compared: every value but 0x01 is DATA.
 */
export function readRelayFrame(bytes: Uint8Array, start: number, end: number): RelayFrame {
  if (end - start < RELAY_HEADER_BYTES) return "too-short";
  if (bytes[start] !== MAGIC) return "bad-magic";
  return bytes[start + FLAGS_OFFSET] === RelayFlags.control ? "control" : "data";
}

/**
 * Takes one hop off the frame from `start` to `end`, in place; nothing else of it changes.
 *
 * Spec: wire.md 4.4. A hop count of 0 counts as 8; one that reaches 0 is not forwarded.
 */
export function forwardRelayFrame(bytes: Uint8Array, start: number, end: number): ForwardVerdict {
  if (end - start < RELAY_HEADER_BYTES || bytes[start] !== MAGIC) return "invalid";
  const hops = (bytes[start + HOP_OFFSET]! || DEFAULT_HOPS) - 1;
  if (hops === 0) return "hops-exhausted";
  bytes[start + HOP_OFFSET] = hops;
  return "forward";
}
