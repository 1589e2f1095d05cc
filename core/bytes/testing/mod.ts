/**
 * What some work leaves to the collector of garbage, for tests of steady paths.
 *
 * @module
 */

export { collectGarbage, garbageBytes, type GarbageOptions } from "./garbage.ts";
