/**
 * `telad login`, `logout` and `pair`: the tokens that agents of this machine use.
 *
 * @module
 */

export { accountCommands, type AccountDeps } from "./account.ts";
