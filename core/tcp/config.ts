/** How the congestion window follows what the path carries. */
export type CongestionAlgorithm = "cubic" | "new-reno";

/** Tunable limits of every connection of a stack. */
export interface TcpOptions {
  /** Congestion control. Default `cubic`. */
  readonly congestion: CongestionAlgorithm;
  /**
   * Whether timestamps are offered and accepted (RFC 7323). Default false: they cost a fifth of the
   * speed at an MTU of 1,100, every segment sent has its time noted anyway, and a tunnel holds none so
   * long that its numbers could have wrapped.
   */
  readonly timestamps: boolean;
  /**
   * Whether both ends take data with a SYN and send before the handshake is complete: a round trip less
   * for each connection (RFC 7413, without its cookie, which stands against forged addresses; a tunnel
   * has none). A SYN-ACK and a FIN are then acknowledged with what follows, if it follows soon. To be
   * agreed with the peer. Default false.
   */
  readonly synData: boolean;
  /**
   * Bytes written and not yet acknowledged that a connection holds at most, 1,024 to 2^30. It begins
   * with 256 KiB and grows to twice the congestion window. Default 32 MiB.
   */
  readonly sendBufferBytes: number;
  /**
   * Bytes received and not yet read that a connection holds at most, 1,024 to 2^30. The window begins
   * with 256 KiB and grows with what the application reads. Default 32 MiB, 1 Gbit/s at 150 ms.
   */
  readonly receiveBufferBytes: number;
  /**
   * Bytes all buffers of a stack hold together, 1,024 to 2^30. One holds half of what is free of their
   * first half, or a 16th of all that is free if that is more, and a page of 16 KiB when nothing is.
   * Default 128 MiB.
   */
  readonly stackBufferBytes: number;
  /** Longest time without progress before a connection is given up, in ms. Default 300,000. */
  readonly userTimeoutMs: number;
  /** Longest time to wait for an answer to a SYN, in ms. Default 60,000. */
  readonly connectTimeoutMs: number;
  /** Time a connection stays in TIME-WAIT (2 MSL), in ms. Default 2,000. */
  readonly timeWaitMs: number;
  /** Time a connection closed by its user waits for the peer's FIN, in ms. Default 60,000. */
  readonly finWait2Ms: number;
  /** Silence before the first keep-alive probe, where these are on, in ms. Default 7,200,000. */
  readonly keepAliveIdleMs: number;
  /** Time between keep-alive probes, in ms. Default 75,000. */
  readonly keepAliveIntervalMs: number;
  /** Unanswered keep-alive probes after which a connection is given up. Default 9. */
  readonly keepAliveProbes: number;
}

/**
 * Spec: RFC 9293 §3.8.3 (user timeout of five minutes), RFC 1122 §4.2.3.6 (keep-alive of two hours).
 * Deviation: TIME-WAIT lasts 2 s, not 4 minutes (RFC 9293 §3.4.2): a tunnel holds no segment longer,
 * and initial sequence numbers grow with time between the same ports.
 */
export const DEFAULT_TCP_OPTIONS: TcpOptions = Object.freeze({
  congestion: "cubic",
  timestamps: false,
  synData: false,
  sendBufferBytes: 32 << 20,
  receiveBufferBytes: 32 << 20,
  stackBufferBytes: 128 << 20,
  userTimeoutMs: 300_000,
  connectTimeoutMs: 60_000,
  timeWaitMs: 2_000,
  finWait2Ms: 60_000,
  keepAliveIdleMs: 7_200_000,
  keepAliveIntervalMs: 75_000,
  keepAliveProbes: 9,
});

const MIN_BUFFER_BYTES = 1024;

/** The largest window that can be announced. Spec: RFC 7323 §2.3. */
const MAX_BUFFER_BYTES = 2 ** 30;

/**
 * The defaults with `overrides`, checked and frozen.
 *
 * @throws {RangeError} if a value is out of its range
 */
export function tcpOptions(overrides: Partial<TcpOptions> = {}): TcpOptions {
  const options = { ...DEFAULT_TCP_OPTIONS, ...overrides };
  const { congestion, timestamps: _, synData: __, ...numbers } = options;
  if (congestion !== "cubic" && congestion !== "new-reno") {
    throw new RangeError(
      `Cannot set TCP option congestion: ${congestion} is neither cubic nor new-reno`,
    );
  }
  for (const [name, value] of Object.entries(numbers)) {
    const isBuffer = name.endsWith("BufferBytes");
    const min = isBuffer ? MIN_BUFFER_BYTES : 1;
    const max = isBuffer ? MAX_BUFFER_BYTES : Infinity;
    if (Number.isInteger(value) && value >= min && value <= max) continue;
    throw new RangeError(
      `Cannot set TCP option ${name}: ${value} is not an integer from ${min} to ${max}`,
    );
  }
  return Object.freeze(options);
}
