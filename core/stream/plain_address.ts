/** An IP address as people write it: an IPv4 one without the prefix that IPv6 sockets put before it. */
export function plainAddress(address: string): string {
  return address.replace(/^::ffff:/, "");
}
