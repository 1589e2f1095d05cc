import type { Endpoint } from "./endpoint.ts";

/** How far an address reaches, as far as sending to it is concerned. */
export type Scope =
  | "broadcast"
  | "global"
  | "link-local"
  | "loopback"
  | "multicast"
  | "private"
  | "reserved"
  | "unspecified";

/** Prefixes in order of precedence. Spec: RFC 6890, RFC 6598 */
const IPV4: readonly (readonly [Scope, number, number])[] = [
  ["unspecified", 0x00000000, 8],
  ["private", 0x0a000000, 8],
  // Behind the NAT of a provider.
  ["private", 0x64400000, 10],
  ["loopback", 0x7f000000, 8],
  ["link-local", 0xa9fe0000, 16],
  ["private", 0xac100000, 12],
  ["private", 0xc0a80000, 16],
  ["multicast", 0xe0000000, 4],
  ["broadcast", 0xffffffff, 32],
  ["reserved", 0xf0000000, 4],
];

function ipv4Scope(address: Uint8Array): Scope {
  const value = address.reduce((sum, byte) => sum * 256 + byte, 0);
  const within = ([, prefix, bits]: (typeof IPV4)[number]) =>
    Math.floor(value / 2 ** (32 - bits)) === Math.floor(prefix / 2 ** (32 - bits));
  return IPV4.find(within)?.[0] ?? "global";
}

function ipv6Scope(address: Uint8Array): Scope {
  const [first, second] = address as unknown as [number, number];
  if (first === 0xff) return "multicast";
  if (first === 0xfe) return (second & 0xc0) === 0x80 ? "link-local" : "reserved";
  if ((first & 0xfe) === 0xfc) return "private";
  if ((first & 0xe0) === 0x20) return "global";
  if (address.subarray(0, 15).some((byte) => byte !== 0)) return "reserved";
  if (address[15] === 0) return "unspecified";
  return address[15] === 1 ? "loopback" : "reserved";
}

/** Whether an address is loopback, as text in its canonical form, which {@linkcode Endpoint.host} has. */
export function isLoopback(hostname: string): boolean {
  return hostname.startsWith("127.") || hostname === "::1";
}

/** How far the endpoint's address reaches. */
export function scopeOf({ address }: Endpoint): Scope {
  return address.length === 4 ? ipv4Scope(address) : ipv6Scope(address);
}
