import type { Packet } from "../bytes/mod.ts";
import type { PathKind } from "./kind.ts";

/** What takes WireGuard messages to the peer in one way. What arrives is told to its owner. */
export interface Carrier {
  /** What it is. */
  readonly kind: PathKind;
  /** Where it sends, as `host:port`, for people. */
  readonly remote: string;
  /** Whether that is an address of this machine, so that no link limits the size of packets. */
  readonly isLocal?: boolean;
  /** Whether data should wait, as the queue is long enough. What is sent anyway is queued. */
  readonly congested: boolean;
  /** Sends a WireGuard message; takes the packet. */
  send(packet: Packet): void;
}
