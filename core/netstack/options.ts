import type { Packet, PacketPool, Random } from "../bytes/mod.ts";
import type { Clock } from "../clock/mod.ts";
import type { Ipv4Address } from "../ip/mod.ts";
import type { BufferMemory, TcpOptions } from "../tcp/mod.ts";

/** Least MTU: headers, four SACK blocks, and still some data. */
const MIN_MTU_BYTES = 128;

/** Options of {@linkcode Netstack}. */
export interface NetstackOptions {
  /** Address of this end. */
  readonly localAddress: Ipv4Address;
  /** The only address packets are accepted from and sent to. */
  readonly peerAddress: Ipv4Address;
  /** Largest IP packet of the path in bytes, 128 to `pool.maxPacketBytes`. */
  readonly mtuBytes: number;
  /**
   * Largest IP packet any path may carry, up to `pool.maxPacketBytes`: announced to the peer, so that
   * it may send as much once its path does. Default `mtuBytes`.
   */
  readonly maxMtuBytes?: number;
  /** Time for timers. */
  readonly clock: Clock;
  /** Secret for sequence numbers, and ports. */
  readonly random: Random;
  /** Where packets come from. */
  readonly pool: PacketPool;
  /** Takes one IP packet. */
  readonly output: (packet: Packet) => void;
  /**
   * Told of an exception within a connection, a defect of ours: that connection is reset, all others go
   * on. Default: it is thrown, from a microtask of its own.
   */
  readonly onDefect?: (error: unknown) => void;
  /** Limits of every connection. */
  readonly tcp?: Partial<TcpOptions>;
  /** What its buffers share with those of other stacks. Default: memory of its own. */
  readonly memory?: BufferMemory;
}

/** Takes bytes to go with a SYN and returns how many those were, from the first on. */
export type EarlyWrite = (bytes: Uint8Array) => number;

/** What a connection is opened with. */
export interface ConnectOptions {
  /** Port of the peer, 1 to 65535. */
  readonly port: number;
  /** Gives it up. */
  readonly signal?: AbortSignal | undefined;
  /** Told how to write before the connection is open. Default: nothing is. */
  readonly early?: ((write: EarlyWrite) => void) | undefined;
}

/** @throws {RangeError} if `port` is not from 1 to 65535 */
export function checkPort(port: number): void {
  if (Number.isInteger(port) && port >= 1 && port <= 65535) return;
  throw new RangeError(`Cannot use port: ${port} is not an integer from 1 to 65535`);
}

/**
 * The MTU, if it is in its range.
 *
 * @throws {RangeError} if it is not
 */
export function checkMtu(mtuBytes: number, pool: PacketPool): number {
  const max = Math.min(pool.maxPacketBytes, 65535);
  if (Number.isInteger(mtuBytes) && mtuBytes >= MIN_MTU_BYTES && mtuBytes <= max) return mtuBytes;
  throw new RangeError(
    `Cannot set the MTU: ${mtuBytes} is not an integer from ${MIN_MTU_BYTES} to ${max}`,
  );
}
