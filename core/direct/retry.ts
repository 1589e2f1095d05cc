import type { Random } from "../bytes/mod.ts";
import { FIRST_RETRY_MS, MAX_RETRY_MS, RETRY_JITTER } from "./tuning.ts";

/** When to try again after attempts in vain, without I/O: ever later, with jitter. */
export class Retry {
  /** When the next attempt is due; `Infinity` while none is planned. */
  atMs: number = Infinity;
  /** Whether that attempt is ours, so that the peer must be told to join in. */
  announces: boolean = true;
  readonly #random: Random;
  #failures = 0;

  /** Makes one that has planned nothing. */
  constructor(random: Random) {
    this.#random = random;
  }

  /** Plans the attempt after another one in vain. */
  failed(nowMs: number): void {
    const word = new Uint32Array(1);
    this.#random(new Uint8Array(word.buffer));
    const jitter = 1 + RETRY_JITTER * (2 * word[0]! / 0xffff_ffff - 1);
    this.announces = true;
    this.atMs = nowMs + jitter * Math.min(FIRST_RETRY_MS * 2 ** this.#failures++, MAX_RETRY_MS);
  }

  /** A path was lost: the first time the next attempt is due at once, then as after one in vain. */
  lost(nowMs: number): void {
    const isFirst = this.#failures === 0;
    this.failed(nowMs);
    if (isFirst) this.atMs = nowMs;
  }

  /** Plans an attempt at `atMs`, unless one is planned sooner. */
  notLaterThan(atMs: number, { announce }: { announce: boolean }): void {
    if (atMs >= this.atMs) return;
    this.atMs = atMs;
    this.announces = announce;
  }

  /** An attempt begins: nothing is planned until it fails. */
  begin(): void {
    this.atMs = Infinity;
  }

  /** What failed before counts for nothing. */
  forget(): void {
    this.#failures = 0;
  }
}
