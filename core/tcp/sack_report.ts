import { MAX_SACK_BLOCKS } from "./options.ts";
import type { RangeSet } from "./reassembly.ts";
import { type Seq, seqAdd, seqLt, toSeq } from "./seq.ts";

/** Places remembered: twice what one acknowledgement has room for, as several may come in a batch. */
const MAX_RECENT = 8;

/**
 * Which of the ranges that arrived out of order an acknowledgement tells of: those that grew last. As
 * each is told again while younger ones leave room, the loss of an acknowledgement costs nothing.
 *
 * Spec: RFC 2018 §4, RFC 2883 §4
 */
export class SackReport {
  readonly #ranges: RangeSet;
  /** A number within each range that grew of late, the latest first; some may not be in any now. */
  readonly #recent: Seq[] = [];
  /** What arrived twice and has not been told; empty if the edges are the same. */
  #twiceStart: Seq = toSeq(0);
  #twiceEnd: Seq = toSeq(0);

  /** Of `ranges`, which their owner changes. */
  constructor(ranges: RangeSet) {
    this.#ranges = ranges;
  }

  /** Blocks of the next acknowledgement, 0 to 4. */
  get count(): number {
    return Math.min(this.#ranges.count + this.#twiceCount, MAX_SACK_BLOCKS);
  }

  /** Blocks for what arrived twice, 0 or 1. */
  get #twiceCount(): number {
    return this.#twiceStart === this.#twiceEnd ? 0 : 1;
  }

  /** A segment at `seq` has been added to the ranges. */
  arrived(seq: Seq): void {
    const recent = this.#recent;
    let at = recent.findIndex((known) => this.#isSameRange(known, seq));
    if (at < 0) at = recent.length < MAX_RECENT ? recent.length : MAX_RECENT - 1;
    for (let i = at; i > 0; i--) recent[i] = recent[i - 1]!;
    recent[0] = seq;
  }

  /** All of `start` to `end` had arrived before. */
  twice(start: Seq, end: Seq): void {
    this.#twiceStart = start;
    this.#twiceEnd = end;
  }

  /**
   * Writes the edges of the first `count` blocks into `edges`: what arrived twice, which is told once,
   * and the range around it; then what grew last; then what is highest.
   */
  write(edges: Int32Array, count: number): void {
    const told = this.#twiceCount;
    let blocks = told;
    if (told > 0) {
      edges[0] = this.#twiceStart;
      edges[1] = this.#twiceEnd;
      this.#twiceEnd = this.#twiceStart;
      blocks = this.#add(edges, { told, blocks, index: this.#indexOf(this.#twiceStart) });
    }
    for (let i = 0; i < this.#recent.length && blocks < count; i++) {
      blocks = this.#add(edges, { told, blocks, index: this.#indexOf(this.#recent[i]!) });
    }
    for (let index = this.#ranges.count - 1; blocks < count; index--) {
      blocks = this.#add(edges, { told, blocks, index });
    }
  }

  /** Adds the range at `index` to the blocks from `told` on, unless it is one of them; returns how many there are. */
  #add(
    edges: Int32Array,
    { told, blocks, index }: { told: number; blocks: number; index: number },
  ): number {
    if (index < 0 || blocks === MAX_SACK_BLOCKS) return blocks;
    const start = this.#ranges.start(index);
    for (let i = told; i < blocks; i++) if (edges[2 * i] === start) return blocks;
    edges[2 * blocks] = start;
    edges[2 * blocks + 1] = this.#ranges.end(index);
    return blocks + 1;
  }

  #indexOf(seq: Seq): number {
    return this.#ranges.indexOf(seq, seqAdd(seq, 1));
  }

  #isSameRange(a: Seq, b: Seq): boolean {
    const [low, high] = seqLt(a, b) ? [a, b] : [b, a];
    return this.#ranges.has(low, seqAdd(high, 1));
  }
}
