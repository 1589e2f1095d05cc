import type { UdpOffer } from "../control/mod.ts";
import { isLoopback } from "../endpoint/mod.ts";
import type { PlacedOffer } from "../path/mod.ts";
import type { TunnelRole } from "./options.ts";

/** Where the hub of a socket is. */
export interface HubPlace {
  /** Address of the socket's other end, as `host:port`. */
  remote: string;
  /** Host it was dialled by, if it was dialled. */
  urlHost: string | undefined;
}

function hostOf(remote: string): string {
  return remote.slice(0, remote.lastIndexOf(":"));
}

/**
 * Hosts at which an offer is tried, best first: the offered one; for a client then the other end of
 * its WebSocket; then the host of the URL, which for an agent is the alternative to the offered one.
 *
 * Spec: wire.md 5.2
 */
export function relayHosts(
  role: TunnelRole,
  { offer, carrier }: { offer: UdpOffer; carrier: HubPlace },
): string[] {
  const { host } = offer;
  const { urlHost } = carrier;
  const hosts = role === "agent" ? [host ?? urlHost] : [host, hostOf(carrier.remote), urlHost];
  return [...new Set(hosts.filter((name) => name !== undefined && name !== ""))] as string[];
}

/** An offer that came by a socket, and where the hub of that may be reached by UDP. */
export function placeOffer(
  role: TunnelRole,
  { offer, carrier }: { offer: UdpOffer; carrier: HubPlace },
): PlacedOffer {
  const hosts = relayHosts(role, { offer, carrier });
  const address = hostOf(carrier.remote).replace(/^\[(.*)\]$/, "$1");
  return { offer, hosts, allowLoopback: isLoopback(address) };
}
