/**
 * TCP/IP in user space: connections and listeners with promises on one side, IP packets on the other.
 *
 * @example
 * ```ts
 * import { PacketPool } from "../bytes/mod.ts";
 * import { systemClock, systemRandom } from "../clock/mod.ts";
 * import { ipv4Address } from "../ip/mod.ts";
 * import { Netstack } from "./mod.ts";
 *
 * const [agent, client] = [ipv4Address(0x0a4d0101), ipv4Address(0x0a4d0102)];
 * const pool = new PacketPool({ maxPacketBytes: 1100 });
 * const common = { mtuBytes: 1100, clock: systemClock, random: systemRandom, pool };
 *
 * function stack(local: typeof agent, peer: typeof agent, other: () => Netstack): Netstack {
 *   return new Netstack({
 *     ...common,
 *     localAddress: local,
 *     peerAddress: peer,
 *     output(packet) {
 *       const now = systemClock.nowMs();
 *       other().input(packet.bytes, packet.start, packet.end, now);
 *       pool.give(packet);
 *       queueMicrotask(() => other().flush(now));
 *     },
 *   });
 * }
 * const a: Netstack = stack(agent, client, () => c);
 * const c: Netstack = stack(client, agent, () => a);
 *
 * const listener = a.listen({ port: 7 });
 * const [there, here] = await Promise.all([listener.accept(), c.connect({ port: 7 })]);
 * await here.write(new TextEncoder().encode("ping"));
 * await here.closeWrite();
 * console.log(await new Response(there.readable).text()); // ping
 * a.close();
 * c.close();
 * ```
 *
 * @module
 */

export { type TcpAddr, TcpConn } from "./conn.ts";
export { TcpError, type TcpErrorCode } from "./errors.ts";
export { type BacklogPlace, TcpListener } from "./listener.ts";
export { Netstack } from "./netstack.ts";
export type { ConnectOptions, EarlyWrite, NetstackOptions } from "./options.ts";
export type { Socket } from "./socket.ts";
export type { DropReason, InputResult, NetstackProgress, NetstackStats } from "./stats.ts";
