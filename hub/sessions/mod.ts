/**
 * The session machine of the hub: agents register, clients connect, the two are paired and what
 * they send each other is relayed.
 *
 * @module
 */

export type { SwitchboardOptions } from "./context.ts";
export type { Connection } from "./peer.ts";
export { type RelayStats, Switchboard } from "./switchboard.ts";
