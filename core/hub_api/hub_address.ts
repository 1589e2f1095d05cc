import { UsageError } from "../cli/mod.ts";

/** Where a hub is. */
export interface HubAddress {
  /** Address to dial, as the user wrote it but for `http:` and `https:`, which become `ws:`, `wss:`. */
  readonly wsUrl: string;
  /** Start of every HTTP address of the hub; no final slash. */
  readonly httpUrl: string;
}

const WS_SCHEMES: Readonly<Record<string, string>> = { http: "ws", https: "wss" };
const HTTP_SCHEMES: Readonly<Record<string, string>> = { ws: "http", wss: "https" };

/** Options of {@linkcode parseHubAddress}. */
export interface HubAddressOptions {
  /** Put before an address without a scheme. Default: one is a name, and refused. */
  readonly scheme?: "wss";
}

/**
 * Reads the value of `-hub`: an address with the scheme `ws`, `wss`, `http` or `https` in any case.
 *
 * Deviation: the reference compares schemes case-sensitively and refuses `http` and `https`.
 *
 * Spec: client.md 1.0 (`-hub`, hub HTTP base)
 *
 * @throws {UsageError} if the address is malformed or carries a user name or password
 * @throws {Error} if the text is a name: names are not resolved
 */
export function parseHubAddress(
  given: string,
  { scheme: assumed }: HubAddressOptions = {},
): HubAddress {
  const text = assumed === undefined || given.includes("://") ? given : `${assumed}://${given}`;
  const [, written, rest] = /^([a-zA-Z][a-zA-Z0-9+.-]*):\/\/([^]*)$/.exec(text) ?? [];
  if (written === undefined) {
    const example = text.includes(".") || text.includes(":") ? text : "hub.example.com";
    throw new Error(`Could not find hub "${text}": give its address, as wss://${example}`);
  }
  const scheme = written.toLowerCase();
  const wsScheme = WS_SCHEMES[scheme] ?? scheme;
  const httpScheme = HTTP_SCHEMES[wsScheme];
  if (httpScheme === undefined) {
    throw new UsageError(`Invalid hub address "${text}": must begin with wss:// or ws://`);
  }
  const url = URL.parse(`${httpScheme}://${rest}`);
  if (url === null) throw new UsageError(`Invalid hub address "${text}": must be as wss://host`);
  if (url.username !== "" || url.password !== "") {
    throw new UsageError("Invalid hub address: must not carry a user name or password");
  }
  return {
    wsUrl: wsScheme === scheme ? text : `${wsScheme}://${rest}`,
    httpUrl: url.origin + url.pathname.replace(/\/+$/, ""),
  };
}
