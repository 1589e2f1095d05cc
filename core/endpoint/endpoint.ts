import { formatIpv6, parseIpv6 } from "./ipv6.ts";

/** An IP address with a UDP port. Two endpoints are equal if their texts are. */
export interface Endpoint {
  /** The address, in its one canonical form, without brackets. */
  readonly host: string;
  /** 1 to 65535. */
  readonly port: number;
  /** `a.b.c.d:port` or `[v6]:port`. */
  readonly text: string;
  /** The address in network order, 4 or 16 bytes; not to be changed. */
  readonly address: Uint8Array;
}

const DOTTED = /^(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})$/;
/** Brackets belong to what has colons, and to nothing else. */
const WITH_PORT = /^(?:\[([^\]]*:[^\]]*)\]|([^:[\]]*)):([1-9]\d{0,4})$/;

/** The first 12 bytes of an IPv4 address in IPv6 clothes. Spec: RFC 4291 §2.5.5.2 */
const MAPPED_PREFIX = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff);

function parseIpv4(text: string): Uint8Array<ArrayBuffer> | undefined {
  const match = DOTTED.exec(text);
  if (match === null) return undefined;
  const octets = match.slice(1).map(Number);
  return octets.every((octet) => octet < 256) ? Uint8Array.from(octets) : undefined;
}

/** What a socket of both families shows of an IPv4 peer. */
function parseMapped(text: string): Uint8Array<ArrayBuffer> | undefined {
  return /^::ffff:/i.test(text) ? parseIpv4(text.slice(7)) : undefined;
}

function isMapped(address: Uint8Array): boolean {
  return address.length === 16 && MAPPED_PREFIX.every((byte, i) => address[i] === byte);
}

/**
 * The endpoint of an address of 4 or 16 bytes, which are copied. IPv4 in IPv6 clothes becomes IPv4.
 * `undefined` if the length or the port is impossible.
 */
export function endpointOf(address: Uint8Array, port: number): Endpoint | undefined {
  if (!Number.isInteger(port) || port < 1 || port > 65535) return undefined;
  if (isMapped(address)) return endpointOf(address.subarray(12), port);
  if (address.length === 4) {
    const host = address.join(".");
    return { host, port, text: `${host}:${port}`, address: address.slice() };
  }
  if (address.length !== 16) return undefined;
  const host = formatIpv6(address);
  return { host, port, text: `[${host}]:${port}`, address: address.slice() };
}

/**
 * The endpoint of an address as sockets and interfaces show it, without brackets; `undefined` if it
 * is a name, has a zone or the port is impossible. Never throws.
 */
export function makeEndpoint(host: string, port: number): Endpoint | undefined {
  const address = parseIpv4(host) ?? parseMapped(host) ?? parseIpv6(host);
  return address && endpointOf(address, port);
}

/** The endpoint written `a.b.c.d:port` or `[v6]:port`, or `undefined`. Never throws. */
export function parseEndpoint(text: string): Endpoint | undefined {
  const match = text.length > 56 ? null : WITH_PORT.exec(text);
  if (match === null) return undefined;
  const [, bracketed, plain, port] = match;
  return makeEndpoint(bracketed ?? plain!, Number(port));
}
