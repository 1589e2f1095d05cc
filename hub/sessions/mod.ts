/**
 * The session machine of the hub: agents register, clients connect, the two are paired and what
 * they send each other is relayed.
 *
 * @example
 * ```ts
 * import { SwitchboardRig } from "../testing/mod.ts";
 *
 * const rig = new SwitchboardRig(); // a switchboard with peers in memory
 * const agent = rig.agent("barn");
 * const { client, joined } = rig.pair(agent);
 * client.text("hello");
 * console.log(joined.sent); // ["hello"]
 * ```
 *
 * @module
 */

export type { SwitchboardOptions } from "./context.ts";
export type { ManagementAnswer, ManagementRequest } from "./management.ts";
export type { Connection } from "./peer.ts";
export {
  type Relayed,
  type RelayStats,
  Switchboard,
  type SwitchboardGauges,
} from "./switchboard.ts";
