/**
 * `tela login`, `logout` and `pair`: the tokens that this user keeps.
 *
 * @module
 */

export { type AccountDeps, loginCommand, logoutCommand, pairCommand } from "./account.ts";
