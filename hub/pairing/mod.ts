/**
 * Pairing codes: short, single use, for somebody who has no token yet.
 *
 * @example
 * ```ts
 * import { newCode, readCode } from "./mod.ts";
 *
 * const code = newCode((out) => crypto.getRandomValues(out));
 * console.log(readCode(` ${code.toLowerCase()} `) === code); // true
 * ```
 *
 * @module
 */

export { newCode, readCode } from "./code.ts";
export { CodeStore, MAX_CODES, type OpenCode, type Promised, type Taken } from "./code_store.ts";
export { Pairing, type PairingOptions, type PairResult } from "./pairing.ts";
