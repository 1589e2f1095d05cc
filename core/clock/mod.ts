/**
 * Time and randomness, injected: the machine's own for programs, a manual clock for tests.
 *
 * @example
 * ```ts
 * import { ManualClock } from "./mod.ts";
 *
 * const clock = new ManualClock();
 * clock.setTimer(() => console.log("now is", clock.nowMs()), 250); // now is 250
 * clock.advance(1000);
 * ```
 *
 * @module
 */

export { backoffDelayMs, type BackoffOptions, resumeDelayMs } from "./backoff.ts";
export { type Clock, sleep, systemClock, systemRandom, type Timer } from "./clock.ts";
export { ManualClock } from "./manual_clock.ts";
export { Waits } from "./waits.ts";
