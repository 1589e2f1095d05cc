/**
 * One session between agent and client: TCP over WireGuard over a path, and the splice that joins a
 * connection through it with a local one.
 *
 * @module
 */

export { BUFFER_MEMORY_FLAG, limitBufferMemory } from "./buffer_memory.ts";
export { DEFAULT_GRACE_SECONDS, MAX_GRACE_SECONDS } from "./grace.ts";
export { MAX_MTU_BYTES, MIN_MTU_BYTES } from "./mtu.ts";
export { readStunServers, STUN_FLAG } from "./stun_flag.ts";
export type { PathKind, PathStatus } from "../path/mod.ts";
export { PATHS_FLAG, readPaths } from "./paths_flag.ts";
export type { PeerStatus, TunnelStatus } from "./status.ts";
export { splice, type SpliceEnd } from "./splice.ts";
export {
  tunnelAddresses,
  type TunnelHandler,
  type TunnelOptions,
  type TunnelRole,
} from "./options.ts";
export { Tunnel } from "./tunnel.ts";
