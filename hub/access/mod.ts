/**
 * Who may do what on this hub: tokens, roles and per-machine permissions.
 *
 * @example
 * ```ts
 * import { Access } from "./mod.ts";
 *
 * const access = new Access({ tokens: [], machines: new Map() });
 * console.log(access.canConnect(access.authenticate(undefined, Date.now()), "barn")); // true: open
 * ```
 *
 * @module
 */

export { Access, type Caller } from "./access.ts";
export { digestToken } from "./digest.ts";
export { type RequestToken, TOKEN_COOKIE, tokenOf } from "./extract.ts";
