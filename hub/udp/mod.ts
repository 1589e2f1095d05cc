/**
 * UDP through the hub: probes, addresses that may change, frames from one end of a session to the
 * other, and STUN on the same port.
 *
 * @example
 * ```ts
 * import { Datagram, UdpRelay } from "./mod.ts";
 *
 * const relay = new UdpRelay((out) => crypto.getRandomValues(out));
 * const toWebSocket = { frame: () => true };
 * const [client] = relay.pair([toWebSocket, toWebSocket]);
 * const datagram = new Datagram();
 * datagram.bytes.set(client.token);
 * datagram.lenBytes = 8 + new TextEncoder().encodeInto("PROBE", datagram.bytes.subarray(8)).written;
 * datagram.address = { hostname: "192.0.2.7", port: 40000 };
 * if (relay.input(datagram, 0)) {
 *   console.log(new TextDecoder().decode(datagram.bytes.subarray(8, datagram.lenBytes))); // READY
 * }
 * ```
 *
 * @module
 */

export { bindUdp, type BoundSocket, UdpBindError } from "./bind_udp.ts";
export {
  LocalCarrier,
  offerOf,
  type SessionEnd,
  type UdpCarrier,
  type UdpLease,
} from "./carrier.ts";
export { Datagram, MAX_DATAGRAM_BYTES, type UdpAddress } from "./datagram.ts";
export { type Rate, RateLimit } from "./rate_limit.ts";
export type { FrameSink, UdpPairing, UdpSide } from "./side.ts";
export { UDP_DROPS, type UdpDrop, type UdpStats } from "./stats.ts";
export { TOKEN_BYTES, TokenTable } from "./token_table.ts";
export { UdpPort, type UdpPortOptions, type UdpSocket } from "./udp_port.ts";
export { UdpRelay } from "./udp_relay.ts";
