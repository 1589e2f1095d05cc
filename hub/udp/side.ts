import type { UdpAddress } from "./datagram.ts";
import { RateLimit } from "./rate_limit.ts";

/** Where frames go for a side that is not on UDP. */
export interface FrameSink {
  /**
   * Takes the frame from `start` to `end`, borrowed; the 8 bytes before it may be overwritten. False
   * if it was dropped. Must not block and must not keep more than it has a bound for.
   */
  frame(bytes: Uint8Array<ArrayBuffer>, start: number, end: number): boolean;
}

/** Probes answered to one side: an answer is as long as its probe, so that this only bounds work. */
const PROBE_RATE = { burst: 256, perSecond: 64 };

/**
 * Changes of address followed for one side. Each is followed at once, as long as they do not come
 * faster than a NAT could explain: a copied token must not make the hub spray.
 */
const REBIND_RATE = { burst: 64, perSecond: 16 };

/** One side of a session, as the UDP relay knows it. */
export interface UdpSide {
  /** The 8 bytes in front of each of its datagrams. A secret of the side and the hub. */
  token: Uint8Array<ArrayBuffer>;
  /** The side at the other end; undefined once the pairing has been released. */
  other: UdpSide | undefined;
  /** Where its datagrams came from last; undefined until one came. */
  address: UdpAddress | undefined;
  /** When that was, monotonic. */
  heardMs: number;
  /** Whether DATA came from it by WebSocket since; to be set by whoever relays that. */
  usesWebSocket: boolean;
  /** Bytes of frames from it that came by UDP and were passed on, headers included. */
  relayedBytes: number;
  /** Takes its frames while it has no address, or has left UDP. */
  readonly sink: FrameSink;
  /** For its probes. */
  readonly probeLimit: RateLimit;
  /** For its changes of address. */
  readonly rebindLimit: RateLimit;
}

/** The two sides of a session. */
export type UdpPairing = readonly [UdpSide, UdpSide];

/** A side that is not paired yet and has no token. */
export function newSide(sink: FrameSink): UdpSide {
  return {
    token: new Uint8Array(0),
    other: undefined,
    address: undefined,
    heardMs: -Infinity,
    usesWebSocket: false,
    relayedBytes: 0,
    sink,
    probeLimit: new RateLimit(PROBE_RATE),
    rebindLimit: new RateLimit(REBIND_RATE),
  };
}
