import { isLoopback } from "../../core/endpoint/mod.ts";

/**
 * Connections of one address that have not sent a whole request yet. What browsers open in advance,
 * behind one router, is far less; 32 addresses are needed to take all places of a hub.
 */
const MAX_PER_ADDRESS = 128;

/** Options of {@linkcode WaitingPeers}. */
export interface WaitingPeersOptions {
  /** Connections of one address at a time. Default: 128. */
  readonly max?: number;
  /**
   * Addresses that are not counted. Default: loopback, as proxies on this machine speak for everybody,
   * and wait for heads themselves.
   */
  readonly isExempt?: (address: string) => boolean;
}

/** Keeps one address from taking all places by sending nothing, or heads that never end. */
export class WaitingPeers {
  readonly #max: number;
  readonly #isExempt: (address: string) => boolean;
  readonly #counts = new Map<string, number>();

  /** Nobody waits yet. */
  constructor({ max = MAX_PER_ADDRESS, isExempt = isLoopback }: WaitingPeersOptions = {}) {
    this.#max = max;
    this.#isExempt = isExempt;
  }

  /** Addresses that are counted now. */
  get size(): number {
    return this.#counts.size;
  }

  /** Counts a connection until the result is called, again is harmless; undefined if it is one too many. */
  enter(address: string): (() => void) | undefined {
    if (this.#isExempt(address)) return () => {};
    const count = this.#counts.get(address) ?? 0;
    if (count >= this.#max) return undefined;
    this.#counts.set(address, count + 1);
    let isIn = true;
    return () => {
      if (isIn) this.#leave(address);
      isIn = false;
    };
  }

  #leave(address: string): void {
    const rest = this.#counts.get(address)! - 1;
    if (rest === 0) this.#counts.delete(address);
    else this.#counts.set(address, rest);
  }
}
