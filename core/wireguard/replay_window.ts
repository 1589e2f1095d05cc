import { REPLAY_WINDOW_BITS } from "./tuning.ts";

const BLOCKS = REPLAY_WINDOW_BITS / 32;
const TWO_32 = 2 ** 32;

/** Counters behind the highest by at least this are refused unseen: all blocks but the newest. */
const REACH = REPLAY_WINDOW_BITS - 32;

/**
 * Which 64-bit counters have been received: a ring of 32-bit blocks, of which only the ones passed
 * over are cleared when the window moves, and no bit is ever shifted.
 *
 * Spec: RFC 6479.
 */
export class ReplayWindow {
  readonly #blocks = new Uint32Array(BLOCKS);
  #highestHigh = 0;
  #highestLow = 0;

  /** Whether the counter is new: neither marked before nor behind the window. Changes nothing. */
  isNew(high: number, low: number): boolean {
    const ahead = this.#ahead(high, low);
    if (ahead > 0) return true;
    if (ahead <= -REACH) return false;
    return (this.#blocks[low >>> 5 & BLOCKS - 1]! & 1 << (low & 31)) === 0;
  }

  /** Marks a counter that `isNew` and whose message is authentic. */
  mark(high: number, low: number): void {
    const ahead = this.#ahead(high, low);
    if (ahead > 0) this.#advance(ahead, high, low);
    this.#blocks[low >>> 5 & BLOCKS - 1]! |= 1 << (low & 31);
  }

  /** How far a counter is ahead of the highest; inexact only where far outside the window. */
  #ahead(high: number, low: number): number {
    return (high - this.#highestHigh) * TWO_32 + (low - this.#highestLow);
  }

  #advance(ahead: number, high: number, low: number): void {
    const newestBlock = this.#highestLow >>> 5;
    const passed = Math.min(Math.floor(((this.#highestLow & 31) + ahead) / 32), BLOCKS);
    for (let i = 1; i <= passed; i++) this.#blocks[newestBlock + i & BLOCKS - 1] = 0;
    this.#highestHigh = high;
    this.#highestLow = low;
  }
}
