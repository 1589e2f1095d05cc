/**
 * Bytes: hexadecimal text, and packets in pooled buffers with room for headers on both sides.
 *
 * @example
 * ```ts
 * import { encodeHex, PacketPool } from "./mod.ts";
 *
 * const pool = new PacketPool({ maxPacketBytes: 1100 });
 * const packet = pool.take();
 * packet.bytes[packet.end++] = 0x45;
 * console.log(encodeHex(packet.bytes.subarray(packet.start, packet.end))); // 45
 * pool.give(packet);
 * ```
 *
 * @module
 */

export { decodeHex, encodeHex } from "./hex.ts";
export {
  HEADROOM_BYTES,
  Packet,
  PacketPool,
  type PacketPoolOptions,
  TAILROOM_BYTES,
} from "./packet.ts";
export type { Random } from "./random.ts";
