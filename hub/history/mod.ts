/**
 * What happened on this hub lately.
 *
 * @example
 * ```ts
 * import { History } from "./mod.ts";
 *
 * const history = new History();
 * history.add({ machine: "barn", event: "agent-register", wallMs: Date.now(), detail: "ports=[22]" });
 * console.log(history.newestFirst()[0]?.event); // agent-register
 * ```
 *
 * @module
 */

export { History, type HistoryEvent, type HistoryEventName } from "./history.ts";
