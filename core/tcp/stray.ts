import type { SegmentSink } from "./output.ts";
import { ACK, RST, type Segment, SYN, TCP_HEADER_BYTES, writeHeader } from "./segment.ts";
import { type Seq, seqAdd, toSeq } from "./seq.ts";

/** A reset that answers a segment for which there is no connection. */
export interface StrayReset {
  /** Port of this end. */
  readonly sourcePort: number;
  /** Port of the peer. */
  readonly destinationPort: number;
  /** Its sequence number. */
  readonly seq: Seq;
  /** Its acknowledgement number, if the flags have ACK. */
  readonly ack: Seq;
  /** Control bits. */
  readonly flags: number;
}

/**
 * The answer to a segment that fits no connection, if there is one: nothing answers a reset, and a
 * listener ignores what has neither SYN nor ACK.
 *
 * Spec: RFC 9293 §3.10.7.1, §3.10.7.2.
 */
export function resetFor(
  segment: Segment,
  { listening }: { listening: boolean },
): StrayReset | undefined {
  if ((segment.flags & RST) !== 0) return undefined;
  if (listening && (segment.flags & ACK) === 0) return undefined;
  const ports = { sourcePort: segment.destinationPort, destinationPort: segment.sourcePort };
  if ((segment.flags & ACK) !== 0) return { ...ports, seq: segment.ack, ack: toSeq(0), flags: RST };
  const ack = seqAdd(segment.seq, segment.seqLength);
  return { ...ports, seq: toSeq(0), ack, flags: RST | ACK };
}

/** Emits such a reset. */
export function emitReset(reset: StrayReset, sink: SegmentSink): void {
  const packet = sink.take();
  packet.end = packet.start + TCP_HEADER_BYTES;
  writeHeader(packet, reset, reset.seq, reset.ack, reset.flags, 0, TCP_HEADER_BYTES);
  sink.send(packet);
}

/** Whether a listener makes a connection of this segment. Spec: RFC 9293 §3.10.7.2. */
export function opensConnection(segment: Segment): boolean {
  return (segment.flags & (SYN | ACK | RST)) === SYN;
}
