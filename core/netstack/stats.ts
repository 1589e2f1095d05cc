import type { Ipv4Result } from "../ip/mod.ts";
import type { SegmentResult } from "../tcp/mod.ts";

/** Why the stack dropped a packet. */
export type DropReason =
  | Exclude<Ipv4Result, "ok">
  | Exclude<SegmentResult, "ok">
  | "source"
  | "destination"
  | "protocol"
  | "no-connection"
  | "backlog"
  | "limit"
  | "closed";

/** Outcome of `Netstack.input()`: `ok`, or why the packet was dropped. */
export type InputResult = "ok" | DropReason;

/** Counters of a stack since it was made. */
export interface NetstackStats {
  /** Packets received, dropped ones included. */
  readonly packetsIn: number;
  /** Packets emitted. */
  readonly packetsOut: number;
  /** Packets dropped, by reason; a reason that never occurred is absent. */
  readonly dropped: Readonly<Partial<Record<DropReason, number>>>;
  /** Connections in the table, those in TIME-WAIT included. */
  readonly connections: number;
  /** Bytes of memory held by send and receive buffers. */
  readonly bufferBytes: number;
}

/** How far the data of a stack has come, over all connections. */
export interface NetstackProgress {
  /** Payload that the peer has acknowledged since the stack was made, bytes. */
  readonly ackedBytes: number;
  /** Payload that has arrived in order since then, bytes. */
  readonly receivedBytes: number;
  /** Payload written and not acknowledged, bytes. */
  readonly waitingBytes: number;
  /** Whether any of it has been sent and waits for its acknowledgement. */
  readonly awaitsAck: boolean;
}
