/**
 * Who did what on this hub, when, from where, and how it went: a chain of records in a file.
 *
 * @example
 * ```ts
 * import { systemClock } from "../../core/clock/mod.ts";
 * import { createLog } from "../../core/log/mod.ts";
 * import { AuditReader, AuditStore } from "./mod.ts";
 *
 * const dir = Deno.makeTempDirSync();
 * const store = new AuditStore({
 *   path: `${dir}/audit.db`,
 *   limits: { maxAgeMs: 0, maxBytes: 0 },
 *   clock: systemClock,
 *   log: createLog({ component: "audit", clock: systemClock, write: console.error }),
 * });
 * store.record({ event: "grant", identity: "owner", machine: "barn", detail: "alice: connect" });
 * const reader = new AuditReader(store, systemClock);
 * console.log((await reader.page({ limit: 1 })).records[0]?.event); // grant
 * console.log((await reader.verify()).fault); // undefined
 * store.close();
 * Deno.removeSync(dir, { recursive: true });
 * ```
 *
 * @module
 */

export { AuditFile, type AuditFilter, type IdRange } from "./audit_file.ts";
export { type AuditState, AuditStore, type AuditStoreOptions } from "./audit_store.ts";
export { type ChainedRecord, type ChainFault, type ChainMark, exportView } from "./chain.ts";
export { CoalescingAudit } from "./coalesce.ts";
export { type PendingRecord, pendingRecord } from "./entry.ts";
export { type AuditFault } from "./fault.ts";
export { type AuditPage, AuditReader, type Verification } from "./reader.ts";
export {
  type Audit,
  AUDIT_EVENTS,
  type AuditEntry,
  type AuditEvent,
  type AuditRecord,
  type AuditResult,
  isChange,
  noAudit,
} from "./record.ts";
export { type RetentionLimits } from "./retention.ts";
