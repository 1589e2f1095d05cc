import type { Endpoint } from "../endpoint/mod.ts";
import type { StunResult } from "./client.ts";

/**
 * What kind of NAT a socket is behind, as far as servers can tell. Spec: RFC 4787 §4.1
 *
 * - `blocked`: no server answered; UDP is blocked, or the servers are down
 * - `none`: servers see the socket's own address
 * - `endpoint-independent`: every server sees the same endpoint; others can be told of it
 * - `address-dependent`: servers see different endpoints; only peers that accept any source, or whom
 *   the socket has reached first, can be reached directly
 * - `unknown`: too few answers of servers at different addresses
 */
export type NatMapping =
  | "address-dependent"
  | "blocked"
  | "endpoint-independent"
  | "none"
  | "unknown";

/**
 * Judges by what servers of one address family answered. Servers at one address cannot show that a
 * mapping does not depend on the address, only that it depends on the port.
 *
 * @param local own endpoints of the socket, one for each address of the host
 */
export function judgeNat(
  results: readonly StunResult[],
  local: readonly Endpoint[],
): NatMapping {
  const answers = results.filter((result) => result.state === "mapped");
  if (answers.length === 0) {
    const hasFailed = results.length > 0 && results.every(({ state }) => state === "failed");
    return hasFailed ? "blocked" : "unknown";
  }
  const mapped = new Set(answers.map((answer) => answer.mapped.text));
  if (mapped.size > 1) return "address-dependent";
  if (local.some((own) => mapped.has(own.text))) return "none";
  const servers = new Set(answers.map(({ server }) => server.host));
  return servers.size > 1 ? "endpoint-independent" : "unknown";
}
