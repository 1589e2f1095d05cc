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
