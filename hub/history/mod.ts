/**
 * What happened on this hub lately.
 *
 * @module
 */

export { History, type HistoryEvent, type HistoryEventName } from "./history.ts";
