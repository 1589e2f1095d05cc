import type { Packet } from "../bytes/mod.ts";
import { PATH_KINDS, type PathKind } from "./kind.ts";

/** First bytes. Their first nibble is no version of IP, so that a stack drops a stray message. */
const PING = 0xf1;
const PONG = 0xf2;

const PATH_OFFSET = 1;
const LENGTH_OFFSET = 2;
const SEQ_OFFSET = 4;
const COUNT_OFFSET = 8;
const EXTRA_OFFSET = 12;

/** Length of a message without padding, in bytes: one block of WireGuard's padding. */
export const PATH_MESSAGE_BYTES = 16;

/** A question or answer about one path, for {@linkcode writePathMessage}; all integers unsigned. */
export interface PathMessage {
  /** `ping` asks, `pong` answers. */
  type: "ping" | "pong";
  /** Path that the ping is sent by, and that its pong must come back by. */
  path: PathKind;
  /** 32 bits, chosen by the asking end. */
  seq: number;
  /**
   * 32 bits, wrapping. Packets that the sender of the message has sent by the path (ping) or
   * received by it (pong), the ping included.
   */
  count: number;
  /**
   * 16 bits. In a ping how many pings before it went without an answer; in a pong the largest IP
   * packet in bytes that its sender expects by the path.
   */
  extra: number;
  /** Of the whole message, padding included, in bytes: 16 to 65535. */
  lengthBytes: number;
}

/** Whether an inner packet that begins with `firstByte` is a path message rather than IP. */
export function isPathMessage(firstByte: number | undefined): boolean {
  return firstByte === PING || firstByte === PONG;
}

/**
 * Writes a message into an empty packet, which has room for `lengthBytes`; the padding is zeros.
 *
 *     0 type  1 path  2 length (2)  4 seq (4)  8 count (4)  12 extra (2)  14 zeros, to the length
 *
 * All big-endian. It travels only inside WireGuard and only to a peer whose `peer-hello` names the
 * feature `paths`.
 */
export function writePathMessage(packet: Packet, message: PathMessage): void {
  const { view, start } = packet;
  packet.end = start + message.lengthBytes;
  packet.bytes.fill(0, start, packet.end);
  view.setUint8(start, message.type === "ping" ? PING : PONG);
  view.setUint8(start + PATH_OFFSET, PATH_KINDS.indexOf(message.path) + 1);
  view.setUint16(start + LENGTH_OFFSET, message.lengthBytes);
  view.setUint32(start + SEQ_OFFSET, message.seq);
  view.setUint32(start + COUNT_OFFSET, message.count);
  view.setUint16(start + EXTRA_OFFSET, message.extra);
}

/**
 * Reads the message in `bytes` from `start` to `end`, behind which WireGuard's padding may follow;
 * `undefined` if it is none. Never throws. Bytes behind the known fields are left for later use.
 */
export function readPathMessage(
  bytes: Uint8Array,
  start: number,
  end: number,
): PathMessage | undefined {
  if (end - start < PATH_MESSAGE_BYTES || !isPathMessage(bytes[start])) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset + start, PATH_MESSAGE_BYTES);
  const path = PATH_KINDS[view.getUint8(PATH_OFFSET) - 1];
  const lengthBytes = view.getUint16(LENGTH_OFFSET);
  if (path === undefined || lengthBytes < PATH_MESSAGE_BYTES || lengthBytes > end - start) {
    return undefined;
  }
  return {
    type: bytes[start] === PING ? "ping" : "pong",
    path,
    seq: view.getUint32(SEQ_OFFSET),
    count: view.getUint32(COUNT_OFFSET),
    extra: view.getUint16(EXTRA_OFFSET),
    lengthBytes,
  };
}
