/**
 * What happened on this hub lately.
 *
 * @example
 * ```ts
 * import { History } from "./mod.ts";
 *
 * const history = new History();
 * const timeMs = Date.UTC(2026, 7, 1, 9);
 * history.add({ event: "register", timeMs, machine: "barn", reason: "", detail: "ports=[22]" });
 * console.log(history.newestFirst()[0]?.event); // agent-register
 * ```
 *
 * @module
 */

export {
  History,
  HISTORY_CAPACITY,
  type HistoryEvent,
  type HistoryEventName,
  type RecordOfMachine,
} from "./history.ts";
