/**
 * Which peers still live: judged by what each has been used to do.
 *
 * @example
 * ```ts
 * import { Pulse } from "./mod.ts";
 *
 * const pulse = new Pulse(0);
 * for (const nowMs of [4000, 8000, 12_000, 16_000]) {
 *   pulse.heard();
 *   pulse.ping(nowMs);
 *   pulse.sweep(nowMs);
 * }
 * console.log(pulse.isLost(pulse.sweep(20_000)), pulse.isLost(pulse.sweep(25_000))); // false true
 * ```
 *
 * @module
 */

export { Pulse, SWEEP_MS } from "./pulse.ts";
export { type Living, Sweeper, type SweeperOptions } from "./sweeper.ts";
