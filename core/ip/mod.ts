/**
 * IPv4 without I/O: addresses, headers, the Internet checksum and the answer to a ping.
 *
 * @example
 * ```ts
 * import { formatIpv4Address, parseIpv4Address } from "./mod.ts";
 *
 * const agent = parseIpv4Address("10.77.1.1");
 * console.log(agent); // 172818689
 * if (agent !== undefined) console.log(formatIpv4Address(agent)); // 10.77.1.1
 * ```
 *
 * @module
 */

export { formatIpv4Address, type Ipv4Address, ipv4Address, parseIpv4Address } from "./address.ts";
export { foldChecksum, sumWords } from "./checksum.ts";
export {
  IPV4_HEADER_BYTES,
  type Ipv4Fields,
  Ipv4Header,
  type Ipv4Result,
  PROTOCOL_ICMP,
  PROTOCOL_TCP,
  pseudoHeaderSum,
  readIpv4Header,
  writeIpv4Header,
} from "./header.ts";
export { ICMP_ECHO_HEADER_BYTES, isEchoRequest, makeEchoReply } from "./icmp.ts";
