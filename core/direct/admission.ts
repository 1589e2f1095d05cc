import { type Endpoint, parseEndpoint, scopeOf } from "../endpoint/mod.ts";
import { MAX_CANDIDATES } from "./tuning.ts";

/** Why an address that a peer named is not tried. */
export type Refusal =
  | "bad-scope"
  | "hub"
  | "low-port"
  | "no-local-family"
  | "not-endpoint"
  | "own"
  | "private"
  | "too-many";

/** What decides about the addresses that a peer names. */
export interface AdmissionOptions {
  /** Our own endpoints, host addresses and what STUN saw. */
  local: readonly Endpoint[];
  /** Endpoints that are no peers: hub and STUN servers. */
  forbidden: readonly Endpoint[];
  /** Whether the peer may be on this very machine, as it is where the hub is on it too. */
  allowLoopback: boolean;
}

/** Ports that services listen on and NATs do not give to others. Spec: RFC 4787 §4.2.2 */
const FIRST_FREE_PORT = 1024;

/**
 * Why we do not send to `endpoint` on the word of a peer, or `undefined` if we do. A private address
 * is tried only from a host that has one itself.
 */
export function refuse(endpoint: Endpoint, options: AdmissionOptions): Refusal | undefined {
  const { local, forbidden, allowLoopback } = options;
  const family = local.filter(({ address }) => address.length === endpoint.address.length);
  if (family.length === 0) return "no-local-family";
  const scope = scopeOf(endpoint);
  const goodScope = scope === "global" || scope === "private" ||
    (scope === "loopback" && allowLoopback);
  if (!goodScope) return "bad-scope";
  if (forbidden.some(({ host, port }) => host === endpoint.host && port === endpoint.port)) {
    return "hub";
  }
  if (endpoint.port < FIRST_FREE_PORT) return "low-port";
  if (family.some(({ text }) => text === endpoint.text)) return "own";
  if (scope === "private" && !family.some((own) => scopeOf(own) === "private")) return "private";
  return undefined;
}

/** Counts of addresses that were not tried, by reason. */
export type Refusals = Partial<Record<Refusal, number>>;

/** The endpoints of a peer's list that we try, at most 16, in its order; others are counted. */
export function admit(
  texts: readonly string[],
  { refusals, ...options }: AdmissionOptions & { refusals: Refusals },
): Endpoint[] {
  const admitted = new Map<string, Endpoint>();
  for (const text of texts) {
    const endpoint = parseEndpoint(text);
    const refusal = admitted.size === MAX_CANDIDATES
      ? "too-many"
      : endpoint
      ? refuse(endpoint, options)
      : "not-endpoint";
    if (refusal !== undefined) refusals[refusal] = (refusals[refusal] ?? 0) + 1;
    else admitted.set(endpoint!.text, endpoint!);
  }
  return [...admitted.values()];
}
