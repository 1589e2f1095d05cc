import type { Clock, Timer } from "../../core/clock/mod.ts";
import type { Access } from "./access.ts";

/** The time of day may be set meanwhile, and timers have an upper limit: it is looked at so often. */
const LONGEST_WAIT_MS = 60_000;

/** Tells when a token has come to its end. */
export class EndWatch {
  readonly #access: () => Access;
  readonly #clock: Clock;
  readonly #onEnd: () => void;
  #timer: Timer | undefined;
  #nextMs = Infinity;

  /**
   * Watches at once.
   *
   * @param onEnd called after a token's last millisecond
   */
  constructor({ access, clock, onEnd }: {
    readonly access: () => Access;
    readonly clock: Clock;
    readonly onEnd: () => void;
  }) {
    this.#access = access;
    this.#clock = clock;
    this.#onEnd = onEnd;
    this.rearm();
  }

  /** To be called when tokens have changed. */
  rearm(): void {
    this.#timer?.cancel();
    const wallMs = this.#clock.wallMs();
    this.#nextMs = this.#access().nextEndMs(wallMs);
    const waitMs = Math.min(this.#nextMs - wallMs + 1, LONGEST_WAIT_MS);
    this.#timer = this.#clock.setTimer(() => this.#look(), waitMs);
  }

  /** Watches no more. */
  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #look(): void {
    const hasEnded = this.#clock.wallMs() > this.#nextMs;
    this.rearm();
    if (hasEnded) this.#onEnd();
  }
}
