import { type Packet, PacketPool } from "../bytes/mod.ts";
import type { Ipv4Address } from "../ip/mod.ts";
import { Netstack } from "../netstack/mod.ts";
import { WireGuard } from "../wireguard/mod.ts";
import { bufferLimits } from "./buffer_memory.ts";
import { tunnelAddresses, type TunnelOptions } from "./options.ts";

/** Spec: wire.md 3.4 */
const PERSISTENT_KEEPALIVE_MS = 25_000;

/** Limits of a connection, to which the grace time is added: they are not to end a wait early. */
const USER_TIMEOUT_MS = 300_000;
const CONNECT_TIMEOUT_MS = 60_000;

/**
 * Free packets kept for all tunnels together, 2 MiB of the largest: on a WebSocket few are ever lent at
 * once, by UDP as many as the system has not taken yet, and hundreds of tunnels are seldom busy at once.
 */
const MAX_FREE_PACKETS = 128;

let shared: PacketPool | undefined;

/**
 * The pool of a tunnel: the same for all of a size, of which a process has one in practice; another size
 * begins a new one.
 *
 * @throws {RangeError} if `mtuBytes` is not a positive integer
 */
export function packetPool(mtuBytes: number): PacketPool {
  if (shared?.maxPacketBytes !== mtuBytes) {
    shared = new PacketPool({ maxPacketBytes: mtuBytes, maxFree: MAX_FREE_PACKETS });
  }
  return shared;
}

/** The addresses of this end and the other. */
export function addressesOf(
  { role, sessionIdx }: TunnelOptions,
): { local: Ipv4Address; peer: Ipv4Address } {
  const { agent, client } = tunnelAddresses(sessionIdx);
  return role === "agent" ? { local: agent, peer: client } : { local: client, peer: agent };
}

/**
 * The TCP/IP of a tunnel.
 *
 * @throws {RangeError} if the MTU is bad
 */
export function makeNetstack(
  options: TunnelOptions,
  ends: { pool: PacketPool; output: (packet: Packet) => void },
): Netstack {
  const { mtuBytes, graceMs = 0, clock, random, handler } = options;
  const { local: localAddress, peer: peerAddress } = addressesOf(options);
  const limits = bufferLimits();
  const tcp = {
    ...limits.tcp,
    userTimeoutMs: USER_TIMEOUT_MS + graceMs,
    connectTimeoutMs: CONNECT_TIMEOUT_MS + graceMs,
  };
  const addresses = { localAddress, peerAddress };
  const onDefect = handler?.defect?.bind(handler);
  return new Netstack({
    ...addresses,
    mtuBytes,
    clock,
    random,
    ...ends,
    tcp,
    memory: limits.memory,
    ...(onDefect !== undefined && { onDefect }),
  });
}

/**
 * The WireGuard of a tunnel.
 *
 * @throws {RangeError} if a key has a wrong length or is a low-order point, or the MTU is bad
 */
export function makeWireGuard(
  { privateKey, peerPublicKey, mtuBytes, clock, random }: TunnelOptions,
  ends: {
    pool: PacketPool;
    send: (packet: Packet) => void;
    deliver: (bytes: Uint8Array, start: number, end: number) => void;
  },
): WireGuard {
  return new WireGuard({
    privateKey,
    peerPublicKey,
    persistentKeepaliveMs: PERSISTENT_KEEPALIVE_MS,
    mtuBytes,
    random,
    wallMs: () => clock.wallMs(),
    ...ends,
  });
}
