import type { Ipv4Address } from "./address.ts";
import { foldChecksum, sumWords } from "./checksum.ts";

/** Length of an IPv4 header without options; the only one this stack emits. */
export const IPV4_HEADER_BYTES = 20;

/** Protocol number of ICMP. */
export const PROTOCOL_ICMP = 1;

/** Protocol number of TCP. */
export const PROTOCOL_TCP = 6;

/** Recommended default. Spec: RFC 1700. */
const TIME_TO_LIVE = 64;

const DONT_FRAGMENT = 0x4000;

/** Offset and more-fragments flag: anything else than 0 is a piece of a datagram. */
const FRAGMENT_MASK = 0x3fff;

/** Outcome of {@linkcode readIpv4Header}: `ok`, or why the packet must be dropped. */
export type Ipv4Result =
  | "ok"
  | "ip-short"
  | "ip-version"
  | "ip-header-length"
  | "ip-total-length"
  | "ip-checksum"
  | "ip-fragment";

/** What a received header says. One instance is filled again for every packet. */
export class Ipv4Header {
  /** Sender. */
  source: Ipv4Address = 0 as Ipv4Address;
  /** Receiver. */
  destination: Ipv4Address = 0 as Ipv4Address;
  /** Protocol of the payload, 0 to 255. */
  protocol = 0;
  /** Offset of the payload in the buffer that was read. */
  payloadStart = 0;
  /** Offset after the payload; what lies behind it is padding. */
  payloadEnd = 0;
}

/**
 * Reads the IPv4 packet at `start` into `header`. Padding behind the packet is allowed, options are
 * skipped, fragments are refused. `header` is unchanged unless the result is `ok`.
 *
 * Spec: RFC 791 §3.1, RFC 1122 §3.2.1. Deviation: fragments are not reassembled (§3.3.2); both ends of
 * a tunnel set DF and segment to its MTU.
 */
export function readIpv4Header(
  header: Ipv4Header,
  view: DataView,
  start: number,
  end: number,
): Ipv4Result {
  if (end - start < IPV4_HEADER_BYTES) return "ip-short";
  const first = view.getUint8(start);
  if (first >>> 4 !== 4) return "ip-version";
  const headerBytes = (first & 15) * 4;
  if (headerBytes < IPV4_HEADER_BYTES || headerBytes > end - start) return "ip-header-length";
  const totalBytes = view.getUint16(start + 2);
  if (totalBytes < headerBytes || totalBytes > end - start) return "ip-total-length";
  if (foldChecksum(sumWords(view, start, start + headerBytes, 0)) !== 0) return "ip-checksum";
  if ((view.getUint16(start + 6) & FRAGMENT_MASK) !== 0) return "ip-fragment";
  header.protocol = view.getUint8(start + 9);
  header.source = view.getUint32(start + 12) as Ipv4Address;
  header.destination = view.getUint32(start + 16) as Ipv4Address;
  header.payloadStart = start + headerBytes;
  header.payloadEnd = start + totalBytes;
  return "ok";
}

/** Fields of {@linkcode writeIpv4Header} that vary. */
export interface Ipv4Fields {
  /** Sender. */
  readonly source: Ipv4Address;
  /** Receiver. */
  readonly destination: Ipv4Address;
  /** Protocol of the payload, 0 to 255. */
  readonly protocol: number;
}

/**
 * Writes a header of {@linkcode IPV4_HEADER_BYTES} bytes at `at`, for a packet of `totalBytes` with
 * the header. DF is set, so the identification may be 0.
 *
 * Spec: RFC 791 §3.1, RFC 6864 §4.1.
 */
export function writeIpv4Header(
  view: DataView,
  at: number,
  totalBytes: number,
  fields: Ipv4Fields,
): void {
  view.setUint16(at, 0x4500);
  view.setUint16(at + 2, totalBytes);
  view.setUint16(at + 4, 0);
  view.setUint16(at + 6, DONT_FRAGMENT);
  view.setUint8(at + 8, TIME_TO_LIVE);
  view.setUint8(at + 9, fields.protocol);
  view.setUint16(at + 10, 0);
  view.setUint32(at + 12, fields.source);
  view.setUint32(at + 16, fields.destination);
  view.setUint16(at + 10, foldChecksum(sumWords(view, at, at + IPV4_HEADER_BYTES, 0)));
}

/**
 * The sum over the pseudo-header of TCP without the segment length, to be passed on to
 * {@linkcode sumWords} after adding the length. Constant for a pair of addresses.
 *
 * Spec: RFC 9293 §3.1 (checksum).
 */
export function pseudoHeaderSum(fields: Ipv4Fields): number {
  return fields.source + fields.destination + fields.protocol;
}
