/** What every peer and every ordinary path takes. Spec: wire.md 3.4 */
export const BASE_MTU_BYTES = 1_100;

/**
 * Sizes tried upwards, in bytes of the IP packet in the tunnel. UDP relay adds 75 bytes around it and
 * direct 67 (IPv4): 1,392 and 1,420 fit into 1,492 (PPPoE) and 1,500.
 */
export const ORDINARY_MTUS: readonly number[] = [1_280, 1_392, 1_420];

/**
 * To an address of this machine there is no link to fit into. The last takes a tenth less of the
 * processor for a byte than the one before.
 */
export const LOCAL_MTUS: readonly number[] = [...ORDINARY_MTUS, 4_096, 8_192, 16_384];

/** A size that is not answered so often in a row is too large. Spec: RFC 8899 §5.1.2, MAX_PROBES */
const MAX_PROBES = 3;

/** Time for an answer, in ms; the next try follows at once. */
const PROBE_TIMEOUT_MS = 1_000;

/**
 * The search goes on so long after it gave up a size, or fell back from one, in ms: what looked like a
 * size too large may have been load. Doubled each time from the first to the second bound, which is
 * that of RFC 8899 §5.1.1.
 */
const MIN_PAUSE_MS = 5_000;
const MAX_PAUSE_MS = 600_000;

/** A size that has held for so long, in ms, did not fail because it is too large. */
const HELD_MS = 60_000;

/**
 * Finds the largest packet a path carries, without I/O: asks with padded questions, size by size
 * upwards, and falls back to 1,100 when packets of the size found cease to arrive.
 *
 * Spec: RFC 8899, with a table of sizes in place of a search, as few sizes exist in practice
 */
export class MtuSearch {
  readonly #sizes: readonly number[];
  readonly #baseBytes: number;
  /** Index of the size found; -1 is the base. */
  #found = -1;
  #foundMs: number;
  #probes = 0;
  #nextMs: number;
  #pauseMs = MIN_PAUSE_MS;
  #hasEnded: boolean;

  /** Begins at the base, or at `limitBytes` if that is less; tries no size above it. */
  constructor(options: { sizes: readonly number[]; limitBytes: number; nowMs: number }) {
    const { sizes, limitBytes, nowMs } = options;
    this.#baseBytes = Math.min(BASE_MTU_BYTES, limitBytes);
    this.#sizes = sizes.filter((size) => size <= limitBytes);
    this.#nextMs = this.#foundMs = nowMs;
    this.#hasEnded = this.#sizes.length === 0;
  }

  /** Whether it has been as far as it could get, at least once. */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Largest packet that is known to arrive, in bytes. */
  get mtuBytes(): number {
    return this.#sizes[this.#found] ?? this.#baseBytes;
  }

  /** When {@linkcode MtuSearch.poll} is due; `Infinity` once the largest size is found. */
  nextDeadlineMs(): number {
    return this.#found + 1 < this.#sizes.length ? this.#nextMs : Infinity;
  }

  /** The size of a question to be asked now, if one is due. */
  poll(nowMs: number): number | undefined {
    if (nowMs < this.nextDeadlineMs()) return undefined;
    if (this.#probes === MAX_PROBES) {
      this.#pause(nowMs);
      return undefined;
    }
    this.#probes++;
    this.#nextMs = nowMs + PROBE_TIMEOUT_MS;
    return this.#sizes[this.#found + 1];
  }

  /** A question of `lengthBytes` was answered; true if the size found grew. */
  answered(lengthBytes: number, nowMs: number): boolean {
    if (lengthBytes <= this.mtuBytes || lengthBytes !== this.#sizes[this.#found + 1]) return false;
    this.#found++;
    this.#probes = 0;
    this.#nextMs = this.#foundMs = nowMs;
    if (this.#found + 1 === this.#sizes.length) this.#hasEnded = true;
    return true;
  }

  /**
   * Small packets arrive, and large ones do not: back to the base. False if it is there already.
   *
   * Spec: RFC 8899 §4.3
   */
  blackHole(nowMs: number): boolean {
    if (this.#found < 0) return false;
    this.#found = -1;
    if (nowMs - this.#foundMs >= HELD_MS) this.#pauseMs = MIN_PAUSE_MS;
    this.#pause(nowMs);
    return true;
  }

  #pause(nowMs: number): void {
    this.#hasEnded = true;
    this.#probes = 0;
    this.#nextMs = nowMs + this.#pauseMs;
    this.#pauseMs = Math.min(2 * this.#pauseMs, MAX_PAUSE_MS);
  }
}
