/**
 * The hub of a Tela network. Programs run `main.ts`; tests start a hub in their own process.
 *
 * @module
 */

export { DEFAULTS, type HubConfig } from "./config/mod.ts";
export { type HubOptions, ListenError, type RunningHub, startHub } from "./server/mod.ts";
