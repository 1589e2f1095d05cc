import type { Clock, Timer } from "./clock.ts";

interface Entry {
  atMs: number;
  callback: () => void;
}

/** A clock for tests: time passes only when {@linkcode ManualClock.advance} is called. */
export class ManualClock implements Clock {
  #nowMs: number;
  #wallOffsetMs: number;
  readonly #entries = new Set<Entry>();

  /** Starts at monotonic time 0 and the given wall time. */
  constructor(wallMs: number = Date.UTC(2026, 0, 1)) {
    this.#nowMs = 0;
    this.#wallOffsetMs = wallMs;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  wallMs(): number {
    return this.#nowMs + this.#wallOffsetMs;
  }

  /** Moves the wall clock alone, as an administrator or NTP does. */
  jumpWall(byMs: number): void {
    this.#wallOffsetMs += byMs;
  }

  setTimer(callback: () => void, delayMs: number): Timer {
    const entry = { atMs: this.#nowMs + Math.max(delayMs, 0), callback };
    this.#entries.add(entry);
    return { cancel: () => void this.#entries.delete(entry) };
  }

  /** Monotonic time of the next timer, or `Infinity`. */
  nextTimerMs(): number {
    let next = Infinity;
    for (const entry of this.#entries) next = Math.min(next, entry.atMs);
    return next;
  }

  /** Lets `byMs` pass, running each timer at its time, those of equal time in the order set. */
  advance(byMs: number): void {
    const untilMs = this.#nowMs + byMs;
    for (let at = this.nextTimerMs(); at <= untilMs; at = this.nextTimerMs()) {
      this.#nowMs = at;
      const due = [...this.#entries].find((entry) => entry.atMs === at)!;
      this.#entries.delete(due);
      due.callback();
    }
    this.#nowMs = untilMs;
  }
}
