import { makeEndpoint } from "../../core/endpoint/mod.ts";
import type { HubAddress } from "../../core/hub_api/mod.ts";

/** A server by name or address, as `stun.example.com:3478`. */
export interface NamedServer {
  /** Name or IP address. */
  readonly host: string;
  /** UDP port. */
  readonly port: number;
}

/** Where a hub offers UDP for a session; an empty host stands for its own. */
export interface OfferedRelay extends NamedServer {
  /** What the hub knows the session by, 8 bytes. */
  readonly token: Uint8Array;
}

/** What is to be explained. */
export interface Target {
  /** The hub's addresses. */
  readonly hub: HubAddress;
  /** Its host, without brackets. */
  readonly host: string;
  /** Its TCP port. */
  readonly port: number;
  /** Whether it is reached by TLS. */
  readonly secure: boolean;
  /** Whether the host is an IP address. */
  readonly isIp: boolean;
  /** Token for the hub, "" if none. */
  readonly token: string;
  /** Machine to reach, if one was named. */
  readonly machine: string | undefined;
}

/** Takes the address of a hub apart. */
export function targetOf(
  { hub, token, machine }: { hub: HubAddress; token: string; machine: string | undefined },
): Target {
  const url = new URL(hub.httpUrl);
  const secure = url.protocol === "https:";
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
  const port = Number(url.port || (secure ? 443 : 80));
  const isIp = makeEndpoint(host, 1) !== undefined;
  return { hub, host, port, secure, isIp, token, machine };
}
