import type { Clock, Timer } from "../../core/clock/mod.ts";
import { type Pulse, SWEEP_MS } from "./pulse.ts";

/** Between two sweeps this process did not run: frozen, asleep, or far too busy to listen. */
const STALL_MS = 2000;

/** Whoever has a pulse. */
export interface Living {
  /** Its pulse. */
  readonly pulse: Pulse;
}

/** What a {@linkcode Sweeper} works with. */
export interface SweeperOptions<T extends Living> {
  /** Times the sweeps. */
  readonly clock: Clock;
  /** Everybody, as of now. */
  readonly all: () => Iterable<T>;
  /** Called for each that lives, with how long nothing has been heard. */
  readonly onSwept: (living: T, silentMs: number) => void;
  /** Called for each that is lost, at every sweep until it is no longer among all. */
  readonly onLost: (lost: T) => void;
}

/** Looks after pulses regularly, and is fair to peers when it was late itself. */
export class Sweeper<T extends Living> {
  readonly #options: SweeperOptions<T>;
  #sweptMs: number;
  #timer: Timer;

  /** Starts sweeping. */
  constructor(options: SweeperOptions<T>) {
    this.#options = options;
    this.#sweptMs = options.clock.nowMs();
    this.#timer = this.#setTimer();
  }

  /** Sweeps no more. */
  stop(): void {
    this.#timer.cancel();
  }

  #setTimer(): Timer {
    return this.#options.clock.setTimer(() => {
      this.#sweep();
      this.#timer = this.#setTimer();
    }, SWEEP_MS);
  }

  #sweep(): void {
    const { clock, all, onSwept, onLost } = this.#options;
    const nowMs = clock.nowMs();
    const wasStalled = nowMs - this.#sweptMs > STALL_MS;
    this.#sweptMs = nowMs;
    for (const living of [...all()]) {
      if (wasStalled) living.pulse.forgive(nowMs);
      const silentMs = living.pulse.sweep(nowMs);
      if (living.pulse.isLost(silentMs)) onLost(living);
      else onSwept(living, silentMs);
    }
  }
}
