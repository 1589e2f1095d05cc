/**
 * Who did what on this hub, when, from where, and how it went.
 *
 * @module
 */

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
