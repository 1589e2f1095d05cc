import { type Endpoint, makeEndpoint, scopeOf } from "../endpoint/mod.ts";
import { MAX_CANDIDATES, MAX_HOSTS } from "./tuning.ts";

/** An address of an interface, as `Deno.networkInterfaces()` lists it. */
export interface InterfaceAddress {
  /** Without a zone. */
  readonly address: string;
}

/** Ports of the sockets that direct paths use; a family without a socket has none. */
export interface LocalPorts {
  /** Port of the IPv4 socket. */
  readonly ipv4?: number | undefined;
  /** Port of the IPv6 socket. */
  readonly ipv6?: number | undefined;
}

/** Order in which they are tried: what is nearest first. */
const SCOPES = ["loopback", "private", "global"];

/**
 * The endpoints under which the sockets can be reached at the host's own addresses, nearest first, at
 * most ten; link-local addresses are useless without a zone and left out. Where the host's addresses
 * may not be read, so that there are none, each socket stands there with the unspecified address,
 * which is announced to nobody.
 */
export function hostEndpoints(
  interfaces: readonly InterfaceAddress[],
  { ports, allowLoopback }: { ports: LocalPorts; allowLoopback: boolean },
): Endpoint[] {
  if (interfaces.length === 0) {
    const sockets = [makeEndpoint("0.0.0.0", ports.ipv4 ?? 0), makeEndpoint("::", ports.ipv6 ?? 0)];
    return sockets.filter((endpoint) => endpoint !== undefined);
  }
  const found = new Map<string, Endpoint>();
  for (const { address } of interfaces) {
    const port = address.includes(":") ? ports.ipv6 : ports.ipv4;
    const endpoint = port && makeEndpoint(address, port);
    if (endpoint) found.set(endpoint.text, endpoint);
  }
  const allowed = allowLoopback ? SCOPES : SCOPES.slice(1);
  const rank = (endpoint: Endpoint) => allowed.indexOf(scopeOf(endpoint));
  return [...found.values()]
    .filter((endpoint) => rank(endpoint) >= 0)
    .sort((a, b) => rank(a) - rank(b))
    .slice(0, MAX_HOSTS);
}

/** What is announced: host addresses, then what STUN saw, each once, at most 16. */
export function ownCandidates(
  hosts: readonly Endpoint[],
  mapped: readonly Endpoint[],
): Endpoint[] {
  const known = [...hosts, ...mapped].filter((endpoint) => scopeOf(endpoint) !== "unspecified");
  const distinct = new Map(known.map((endpoint) => [endpoint.text, endpoint]));
  return [...distinct.values()].slice(0, MAX_CANDIDATES);
}
