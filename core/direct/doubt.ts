import { DOUBT_MS, DOUBT_OFFSETS_MS } from "./tuning.ts";

/** What a path in doubt needs: another probe, or to be left. */
export type DoubtAction = "leave" | "probe";

/** A short, dense questioning of the path in use, without I/O; an answer ends it. */
export class Doubt {
  /** When it arose; answers since then count. */
  readonly sinceMs: number;
  readonly #limitMs: number;
  #probes = 0;

  /** Begins now; `rttMs` is the round trip as far as it is known. */
  constructor(nowMs: number, rttMs: number) {
    this.sinceMs = nowMs;
    this.#limitMs = nowMs + Math.max(DOUBT_MS, 4 * rttMs);
  }

  /** When {@linkcode Doubt.poll} is due. */
  nextDeadlineMs(): number {
    const offset = DOUBT_OFFSETS_MS[this.#probes];
    return offset === undefined ? this.#limitMs : this.sinceMs + offset;
  }

  /** What is due, or `undefined`. */
  poll(nowMs: number): DoubtAction | undefined {
    if (nowMs >= this.#limitMs) return "leave";
    if (nowMs < this.nextDeadlineMs()) return undefined;
    this.#probes++;
    return "probe";
  }
}
