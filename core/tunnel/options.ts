import type { Random } from "../bytes/mod.ts";
import type { Clock } from "../clock/mod.ts";
import type { ControlMessage } from "../control/mod.ts";
import { type Ipv4Address, ipv4Address } from "../ip/mod.ts";
import type { PathEvent, PathKind, StunServer, UdpSystem } from "../path/mod.ts";

/** Which end of a tunnel one is. */
export type TunnelRole = "agent" | "client";

/** What a {@linkcode Tunnel} tells its owner. */
export interface TunnelHandler {
  /** The peer has proved to be behind a newly attached socket, which carries everything from now on. */
  up?(): void;
  /**
   * No socket is left, and why. Without another path streams wait for the next
   * {@linkcode import("./tunnel.ts").Tunnel.attach}.
   */
  waiting?(reason: string): void;
  /** An exception, a defect of ours, has cost one connection; all else goes on. */
  defect?(error: unknown): void;
  /** A path came, went, or is used in place of another. */
  path?(event: PathEvent): void;
  /**
   * A control message that the tunnel has no use for. `proven` is whether it came by a socket behind
   * which the peer has proved to be; any other may be someone else's.
   */
  message?(message: ControlMessage, options: { proven: boolean }): void;
}

/** Options of {@linkcode Tunnel}. */
export interface TunnelOptions {
  /** Decides which of the two addresses is ours. */
  role: TunnelRole;
  /** Index that the hub chose; less than 1 counts as 1, more than 254 as 254. Spec: wire.md 3.3 */
  sessionIdx: number;
  /** Our X25519 private key of this session, 32 bytes; copied. */
  privateKey: Uint8Array;
  /** The peer's public key, 32 bytes; copied. */
  peerPublicKey: Uint8Array;
  /** Largest IP packet sent, in bytes; what the peer sends is bounded by the peer. */
  mtuBytes: number;
  /** Longest time the owner lets it wait for a socket, in ms; connections bear as much. Default 0. */
  graceMs?: number;
  /** Gives the time. */
  clock: Clock;
  /** Cryptographic random source. */
  random: Random;
  /** UDP of the machine; without it the WebSocket is the only path. */
  udp?: UdpSystem | undefined;
  /**
   * Paths that it sends by; default all. Without `websocket` the hub's socket carries only what sets
   * the session up.
   */
  paths?: readonly PathKind[] | undefined;
  /** STUN servers besides the hub. Default: none. */
  stunServers?: readonly StunServer[] | undefined;
  /** Told what happens. */
  handler?: TunnelHandler;
}

/** Addresses of the two ends of a session's tunnel. Spec: wire.md 3.4 */
export function tunnelAddresses(sessionIdx: number): { agent: Ipv4Address; client: Ipv4Address } {
  const network = 0x0a4d0000 + (Math.min(Math.max(sessionIdx, 1), 254) << 8);
  return { agent: ipv4Address(network + 1), client: ipv4Address(network + 2) };
}
