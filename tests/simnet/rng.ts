import type { Random } from "../../core/bytes/mod.ts";

/** A small seeded generator (mulberry32): the same seed gives the same run on every machine. */
export class Rng {
  #state: number;

  /** Begins at `seed`, any integer. */
  constructor(seed: number) {
    this.#state = seed | 0;
  }

  /** The next number, from 0 to below 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  }

  /** The next integer, from 0 to below `below`. */
  below(below: number): number {
    return Math.floor(this.next() * below);
  }

  /** This generator as a source of random bytes. */
  readonly fill: Random = (out) => {
    for (let i = 0; i < out.length; i++) out[i] = this.below(256);
  };
}
