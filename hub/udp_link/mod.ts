/**
 * UDP from a separate host, for a hub that cannot bind a UDP port: the hub's end of the link, and the
 * host's.
 *
 * @module
 */

export {
  type Bytes,
  encodeLink,
  type Hello,
  isHost,
  LINK_PATH,
  type LinkMessage,
  parseLink,
} from "./messages.ts";
export {
  type LinkConnection,
  UdpHosts,
  type UdpHostsOptions,
  type UdpHostsStats,
} from "./udp_hosts.ts";
export { HostRelay, type HostRelayOptions } from "./host_relay.ts";
