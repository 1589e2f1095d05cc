/**
 * WireGuard without I/O: one end of a tunnel with exactly one peer.
 *
 * @example
 * ```ts
 * import { type Packet, PacketPool } from "../bytes/mod.ts";
 * import { systemRandom as random } from "../clock/mod.ts";
 * import { generatePrivateKey, publicKey, WireGuard } from "./mod.ts";
 *
 * const pool = new PacketPool({ maxPacketBytes: 1100 });
 * const [keyA, keyB] = [generatePrivateKey(random), generatePrivateKey(random)];
 * const wire: [WireGuard, Packet][] = [];
 * const shared = { mtuBytes: 1100, random, wallMs: Date.now, pool };
 * const a: WireGuard = new WireGuard({
 *   ...shared,
 *   privateKey: keyA,
 *   peerPublicKey: publicKey(keyB),
 *   send: (packet) => wire.push([b, packet]),
 *   deliver: () => {},
 * });
 * const b: WireGuard = new WireGuard({
 *   ...shared,
 *   privateKey: keyB,
 *   peerPublicKey: publicKey(keyA),
 *   send: (packet) => wire.push([a, packet]),
 *   deliver: (bytes, start) => console.log("first byte", bytes[start]), // first byte 69
 * });
 * const packet = pool.take();
 * packet.bytes[packet.end++] = 0x45;
 * a.send(packet, 0); // staged, and a handshake starts
 * for (let next = wire.shift(); next; next = wire.shift()) {
 *   const [to, message] = next;
 *   to.receive(message.bytes, message.start, message.end, 0);
 *   pool.give(message);
 * }
 * ```
 *
 * @module
 */

export { generatePrivateKey, parseKey, publicKey } from "./keys.ts";
export type { WireGuardOptions } from "./options.ts";
export type {
  DropReason,
  ReceiveResult,
  SendDropReason,
  SentKind,
  WireGuardStats,
} from "./stats.ts";
export type { HandshakeFailure } from "./handshake.ts";
export { WireGuard } from "./wireguard.ts";
