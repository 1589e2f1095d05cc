import type { Packet } from "../bytes/mod.ts";
import {
  foldChecksum,
  ICMP_ECHO_HEADER_BYTES,
  IPV4_HEADER_BYTES,
  type Ipv4Address,
  PROTOCOL_ICMP,
  sumWords,
  writeIpv4Header,
} from "../ip/mod.ts";
import { PATH_KINDS, type PathKind } from "./kind.ts";

/** Offset of the protocol in an IPv4 header. Spec: RFC 791 §3.1 */
export const IPV4_PROTOCOL_AT = 9;

const ECHO_REPLY = 0;
const ECHO_REQUEST = 8;
const ICMP_AT = IPV4_HEADER_BYTES;
const ID_AT = ICMP_AT + 4;
const PATH_AT = ICMP_AT + ICMP_ECHO_HEADER_BYTES;
const SEQ_AT = PATH_AT + 4;
const LENGTH_BYTES = SEQ_AT + 4;

/** A question to a peer that knows no path messages. */
export interface EchoProbe {
  /** Path it is sent by. */
  path: PathKind;
  /** 32 bits. */
  seq: number;
}

/** Options of {@linkcode writeEchoProbe}. */
export interface EchoProbeOptions extends EchoProbe {
  /** Our address in the tunnel. */
  source: Ipv4Address;
  /** The peer's. */
  destination: Ipv4Address;
  /** 16 bits that tell our requests from those of others. */
  id: number;
}

/**
 * Writes an ICMP echo request into an empty packet: whatever stack the peer has, it answers within
 * the tunnel and repeats the data, which says which path was asked. Spec: RFC 792, RFC 1122 §3.2.2.6
 */
export function writeEchoProbe(packet: Packet, options: EchoProbeOptions): void {
  const { view, start } = packet;
  packet.end = start + LENGTH_BYTES;
  packet.bytes.fill(0, start, packet.end);
  const { source, destination } = options;
  writeIpv4Header(view, start, LENGTH_BYTES, { source, destination, protocol: PROTOCOL_ICMP });
  view.setUint8(start + ICMP_AT, ECHO_REQUEST);
  view.setUint16(start + ID_AT, options.id);
  view.setUint8(start + PATH_AT, PATH_KINDS.indexOf(options.path) + 1);
  view.setUint32(start + SEQ_AT, options.seq);
  const sum = foldChecksum(sumWords(view, start + ICMP_AT, packet.end, 0));
  view.setUint16(start + ICMP_AT + 2, sum);
}

/**
 * Reads the answer to one of our requests with `id` from an inner packet; `undefined` if it is
 * anything else. WireGuard vouches for the bytes, so that checksums are left alone. Never throws.
 */
export function readEchoAnswer(
  bytes: Uint8Array,
  { start, end, id }: { start: number; end: number; id: number },
): EchoProbe | undefined {
  if (bytes[start + IPV4_PROTOCOL_AT] !== PROTOCOL_ICMP || bytes[start] !== 0x45) return undefined;
  if (end - start < LENGTH_BYTES || bytes[start + ICMP_AT] !== ECHO_REPLY) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset + start, LENGTH_BYTES);
  const path = PATH_KINDS[view.getUint8(PATH_AT) - 1];
  if (view.getUint16(ID_AT) !== id || path === undefined) return undefined;
  return { path, seq: view.getUint32(SEQ_AT) };
}
