/** A timer so late, or a wall clock that moved so much on its own, is a jump, in ms. */
const JUMP_MS = 2_000;

/**
 * Notices that the machine slept or was stopped, without I/O. Monotonic time may or may not advance
 * in sleep: in the first case a timer is late, in the second the wall clock has run away from it.
 */
export class JumpDetector {
  #offsetMs: number | undefined;

  /** Whether there was a jump since the last call. `dueMs` is when this call should have come. */
  check({ nowMs, wallMs, dueMs }: { nowMs: number; wallMs: number; dueMs: number }): boolean {
    const offsetMs = wallMs - nowMs;
    const movedMs = Math.abs(offsetMs - (this.#offsetMs ?? offsetMs));
    this.#offsetMs = offsetMs;
    return movedMs > JUMP_MS || nowMs - dueMs > JUMP_MS;
  }
}
