import { type Seq, seqDiff, seqLe, seqLt, seqMax } from "./seq.ts";

/**
 * A bounded set of ranges of sequence numbers, ordered, disjoint and not touching. All edges must lie
 * within 2^31 of each other.
 */
export class RangeSet {
  readonly #maxRanges: number;
  /** Left and right edge of each range; allocated with the first one, as most sets stay empty. */
  #edges: Seq[] = [];

  /** @param maxRanges bound; a range that would need one more is refused */
  constructor(maxRanges: number) {
    this.#maxRanges = maxRanges;
  }

  /** Number of ranges. */
  get count(): number {
    return this.#edges.length / 2;
  }

  /** Left edge of the range at `index`. */
  start(index: number): Seq {
    return this.#edges[2 * index]!;
  }

  /** Right edge of the range at `index`, exclusive. */
  end(index: number): Seq {
    return this.#edges[2 * index + 1]!;
  }

  /** Sequence numbers in all ranges. */
  get totalBytes(): number {
    let total = 0;
    for (let i = 0; i < this.count; i++) total += seqDiff(this.end(i), this.start(i));
    return total;
  }

  /** Index of the first range that ends at or after `seq`; the count if there is none. */
  after(seq: Seq): number {
    let [low, high] = [0, this.count];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (seqLt(this.end(middle), seq)) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Index of the range that holds all of `start` to `end`, or -1. */
  indexOf(start: Seq, end: Seq): number {
    const index = this.after(end);
    return index < this.count && seqLe(this.start(index), start) ? index : -1;
  }

  /** Whether all of `start` to `end` is in one range. */
  has(start: Seq, end: Seq): boolean {
    return this.indexOf(start, end) >= 0;
  }

  /** Adds `start` to `end`, joining what it overlaps or touches; false, and no change, at the bound. */
  add(start: Seq, end: Seq): boolean {
    if (!seqLt(start, end)) return true;
    const first = this.after(start);
    let after = first;
    while (after < this.count && seqLe(this.start(after), end)) after++;
    if (after === first + 1) {
      // The usual case, one range that grows, allocates nothing.
      if (seqLt(start, this.start(first))) this.#edges[2 * first] = start;
      if (seqLt(this.end(first), end)) this.#edges[2 * first + 1] = end;
      return true;
    }
    if (after === first && this.count === this.#maxRanges) return false;
    if (after > first) {
      if (seqLt(this.start(first), start)) start = this.start(first);
      end = seqMax(end, this.end(after - 1));
    }
    this.#edges.splice(2 * first, 2 * (after - first), start, end);
    return true;
  }

  /** Removes everything before `seq`. */
  removeBefore(seq: Seq): void {
    let gone = 0;
    while (gone < this.count && seqLe(this.end(gone), seq)) gone++;
    if (gone > 0) this.#edges.splice(0, 2 * gone);
    if (this.count > 0 && seqLt(this.start(0), seq)) this.#edges[0] = seq;
  }

  /** Empties the set. */
  clear(): void {
    this.#edges = [];
  }
}
