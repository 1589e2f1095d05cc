/**
 * Log lines as every program here writes them, and the ring of the last of them.
 *
 * @module
 */

export { defectText } from "./defect.ts";
export { createLog, formatTime, type Log, type LogOptions } from "./log.ts";
export { type Repeatable, RepeatLog, type RepeatLogOptions } from "./repeat_log.ts";
export { LogRing } from "./ring.ts";
