import { foldChecksum, sumWords } from "../ip/mod.ts";
import type { Packet } from "../bytes/mod.ts";
import { readOptions, type SegmentOptions } from "./options.ts";
import { type Seq, toSeq } from "./seq.ts";

/** Length of a TCP header without options. */
export const TCP_HEADER_BYTES = 20;

/** Control bits of the header. Spec: RFC 9293 §3.1. */
export const FIN = 0x01;
/** Synchronise sequence numbers. */
export const SYN = 0x02;
/** Reset the connection. */
export const RST = 0x04;
/** Push: the sender has no more to add for now. */
export const PSH = 0x08;
/** The acknowledgement number is valid. */
export const ACK = 0x10;

/** Outcome of {@linkcode readSegment}: `ok`, or why the segment must be dropped. */
export type SegmentResult =
  | "ok"
  | "tcp-short"
  | "tcp-header-length"
  | "tcp-checksum"
  | "tcp-port"
  | "tcp-options";

const NO_BYTES = new Uint8Array();

/** What a received segment says. One instance is filled again for every segment. */
export class Segment implements SegmentOptions {
  /** Port of the sender, 1 to 65535. */
  sourcePort = 0;
  /** Port of the receiver, 1 to 65535. */
  destinationPort = 0;
  /** Sequence number of the first payload byte, or of the SYN. */
  seq: Seq = toSeq(0);
  /** Next sequence number the sender expects; meaningful with {@linkcode ACK}. */
  ack: Seq = toSeq(0);
  /** Control bits. */
  flags = 0;
  /** Window field as it stands on the wire, not scaled. */
  window = 0;
  mss = 0;
  windowScale: number = -1;
  sackPermitted = false;
  sackCount = 0;
  readonly sackEdges: Int32Array = new Int32Array(8);
  hasTimestamps = false;
  tsVal = 0;
  tsEcr = 0;
  /** The buffer the payload is in; borrowed until the call that was given the segment returns. */
  bytes: Uint8Array = NO_BYTES;
  /** Offset of the payload. */
  payloadStart = 0;
  /** Offset after the payload. */
  payloadEnd = 0;

  /** Sequence numbers the segment occupies: payload, SYN and FIN. Spec: RFC 9293 §3.4 (SEG.LEN). */
  get seqLength(): number {
    return this.payloadEnd - this.payloadStart + ((this.flags >> 1) & 1) + (this.flags & 1);
  }

  /** Payload length in bytes. */
  get payloadBytes(): number {
    return this.payloadEnd - this.payloadStart;
  }
}

/** Where {@linkcode readSegment} reads. */
export interface SegmentSource {
  /** The buffer. */
  readonly bytes: Uint8Array;
  /** A view with the same offsets as `bytes`. */
  readonly view: DataView;
  /** Offset of the TCP header. */
  readonly payloadStart: number;
  /** Offset after the segment. */
  readonly payloadEnd: number;
}

/**
 * Reads a TCP segment into `segment`, whose content is undefined unless the result is `ok`.
 * `pseudoSum` is the sum over the pseudo-header without the length. Unknown options are skipped, a
 * malformed option list is refused, the urgent pointer is ignored.
 *
 * Spec: RFC 9293 §3.1, §3.2.
 */
export function readSegment(
  segment: Segment,
  source: SegmentSource,
  pseudoSum: number,
): SegmentResult {
  const { view, payloadStart: start, payloadEnd: end } = source;
  if (end - start < TCP_HEADER_BYTES) return "tcp-short";
  const headerBytes = (view.getUint8(start + 12) >>> 4) * 4;
  if (headerBytes < TCP_HEADER_BYTES || headerBytes > end - start) return "tcp-header-length";
  if (foldChecksum(sumWords(view, start, end, pseudoSum + end - start)) !== 0) {
    return "tcp-checksum";
  }
  segment.sourcePort = view.getUint16(start);
  segment.destinationPort = view.getUint16(start + 2);
  if (segment.sourcePort === 0 || segment.destinationPort === 0) return "tcp-port";
  segment.seq = view.getInt32(start + 4) as Seq;
  segment.ack = view.getInt32(start + 8) as Seq;
  segment.flags = view.getUint8(start + 13);
  segment.window = view.getUint16(start + 14);
  segment.bytes = source.bytes;
  segment.payloadStart = start + headerBytes;
  segment.payloadEnd = end;
  const optionsOk = readOptions(segment, view, start + TCP_HEADER_BYTES, segment.payloadStart);
  return optionsOk ? "ok" : "tcp-options";
}

/** Fields of a header to be written; options are written by the caller behind it. */
export interface HeaderFields {
  /** Port of the sender. */
  readonly sourcePort: number;
  /** Port of the receiver. */
  readonly destinationPort: number;
}

/**
 * Writes the fixed header at `packet.start` with checksum 0; {@linkcode sealSegment} fills that in.
 *
 * Spec: RFC 9293 §3.1.
 */
export function writeHeader(
  packet: Packet,
  ports: HeaderFields,
  seq: Seq,
  ack: Seq,
  flags: number,
  window: number,
  headerBytes: number,
): void {
  const { view, start } = packet;
  view.setUint16(start, ports.sourcePort);
  view.setUint16(start + 2, ports.destinationPort);
  view.setInt32(start + 4, seq);
  view.setInt32(start + 8, (flags & ACK) === 0 ? 0 : ack);
  view.setUint16(start + 12, (headerBytes << 10) | flags);
  view.setUint16(start + 14, window);
  view.setUint32(start + 16, 0);
}

/** Writes the checksum of the whole segment in `packet`. Spec: RFC 9293 §3.1. */
export function sealSegment(packet: Packet, pseudoSum: number): void {
  const { view, start, end } = packet;
  const sum = sumWords(view, start, end, pseudoSum + end - start);
  view.setUint16(start + 16, foldChecksum(sum));
}
