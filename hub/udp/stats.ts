/**
 * Why a datagram was not passed on or answered.
 *
 * - `too-short`: not even a token.
 * - `unknown-token`: of no session that lives.
 * - `bad-source`: from port 0, which cannot be answered.
 * - `invalid-frame`: behind a known token neither a probe nor a relay frame.
 * - `hops-exhausted`: has crossed too many hubs.
 * - `slow-receiver`: the other side is on WebSocket and does not read fast enough.
 * - `probe-rate`, `stun-rate`: more questions than are answered.
 * - `stun-invalid`: begins as STUN and is no Binding request.
 * - `send-busy`: the operating system has not taken what was sent before.
 * - `send-failed`: the operating system refused to send it.
 */
export type UdpDrop = typeof UDP_DROPS[number];

/** All of {@linkcode UdpDrop}. */
export const UDP_DROPS = [
  "too-short",
  "unknown-token",
  "bad-source",
  "invalid-frame",
  "hops-exhausted",
  "slow-receiver",
  "probe-rate",
  "stun-rate",
  "stun-invalid",
  "send-busy",
  "send-failed",
] as const;

/** What a UDP relay has done since it started. */
export interface UdpStats {
  /** Datagrams that arrived. */
  received: number;
  /** Their length in bytes. */
  receivedBytes: number;
  /** Frames passed on by UDP. */
  toUdp: number;
  /** Frames passed on by WebSocket, as the other side has not probed. */
  toWebSocket: number;
  /** Probes answered. */
  probes: number;
  /** STUN requests answered. */
  stun: number;
  /** Sides whose address changed after they had one. */
  rebinds: number;
  /** Changes of address not followed as they came too fast; the frames were passed on. */
  rebindsRefused: number;
  /** Datagrams dropped, by reason. */
  readonly drops: Record<UdpDrop, number>;
}

/** All zero. */
export function newUdpStats(): UdpStats {
  return {
    received: 0,
    receivedBytes: 0,
    toUdp: 0,
    toWebSocket: 0,
    probes: 0,
    stun: 0,
    rebinds: 0,
    rebindsRefused: 0,
    drops: Object.fromEntries(UDP_DROPS.map((name) => [name, 0])) as Record<UdpDrop, number>,
  };
}
