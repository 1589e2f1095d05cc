/** What the view of the audit asks for and shows. */

import { localTime } from "./format.js";

/**
 * A record of `/api/admin/audit`.
 *
 * @typedef {object} AuditRecord
 * @property {number} id
 * @property {string} time
 * @property {string} event
 * @property {string} result
 * @property {string} [identity]
 * @property {string} [machine]
 * @property {string} [source]
 * @property {string} [reason]
 * @property {string} [detail]
 */

/**
 * @typedef {object} AuditPage
 * @property {readonly AuditRecord[]} records newest first
 * @property {number} [before] where older records begin
 * @property {{ fault: string, waiting: number, lost: number }} [auditDegraded]
 */

/**
 * @typedef {object} AuditRow
 * @property {string} key
 * @property {string} time RFC 3339
 * @property {string} timeLocal
 * @property {string} label
 * @property {{ kind: "online" | "degraded" | "error", label: string }} result
 * @property {string} identity
 * @property {string} source
 * @property {string} machine
 * @property {string} detail
 */

/** Records of a page. */
export const PAGE_RECORDS = 100;

/** Kinds of event that the filter offers. Requests come first in number and last in interest. */
export const AUDIT_KINDS = /** @type {const} */ ([
  {
    value: "all",
    label: "Everything but requests",
    events: [
      ...["hub-start", "hub-stop", "auth-failure", "denial", "sign-in", "sign-out"],
      ...["identity-create", "identity-change", "identity-remove", "token-rotate", "token-revoke"],
      ...["grant", "grant-remove", "pair-code", "pair", "admin-change", "management", "register"],
      ...["agent-gone", "session-open", "session-close", "gap", "retention", "reset"],
    ],
  },
  {
    value: "changes",
    label: "Identities and permissions",
    events: [
      ...["identity-create", "identity-change", "identity-remove", "token-rotate", "token-revoke"],
      ...["grant", "grant-remove", "pair-code", "pair"],
    ],
  },
  {
    value: "refusals",
    label: "Refusals and sign-ins",
    events: ["auth-failure", "denial", "sign-in", "sign-out"],
  },
  {
    value: "sessions",
    label: "Agents and sessions",
    events: ["register", "agent-gone", "session-open", "session-close"],
  },
  { value: "management", label: "Management", events: ["management", "admin-change"] },
  {
    value: "hub",
    label: "The hub and its records",
    events: ["hub-start", "hub-stop", "gap", "retention", "reset"],
  },
  { value: "requests", label: "Requests", events: ["request"] },
]);

/** @type {Readonly<Record<string, string>>} */
const LABELS = {
  "hub-start": "Hub started",
  "hub-stop": "Hub stopped",
  "request": "Request",
  "auth-failure": "Wrong token or code",
  "denial": "Denied",
  "sign-in": "Signed in",
  "sign-out": "Signed out",
  "identity-create": "Identity created",
  "identity-change": "Identity changed",
  "identity-remove": "Identity removed",
  "token-rotate": "Token rotated",
  "token-revoke": "Token revoked",
  "grant": "Permission granted",
  "grant-remove": "Permission removed",
  "pair-code": "Pairing code made",
  "pair": "Paired",
  "admin-change": "Hub changed",
  "management": "Agent managed",
  "register": "Agent registered",
  "agent-gone": "Agent gone",
  "session-open": "Session opened",
  "session-close": "Session closed",
  "gap": "Records lost",
  "retention": "Old records removed",
  "reset": "Records begun anew",
};

/** @type {Readonly<Record<string, AuditRow["result"]>>} */
const RESULTS = {
  ok: { kind: "online", label: "Ok" },
  refused: { kind: "error", label: "Refused" },
  failed: { kind: "degraded", label: "Failed" },
};

/**
 * @typedef {object} AuditFilter
 * @property {string} kind of {@linkcode AUDIT_KINDS}
 * @property {string} result "" for any
 * @property {string} identity "" for any
 * @property {string} machine "" for any
 */

/**
 * The query of a filter.
 *
 * @param {AuditFilter} filter
 * @param {{ before?: number, limit?: number }} [page]
 * @returns {string} without a question mark
 */
export function auditQuery({ kind, result, identity, machine }, { before, limit } = {}) {
  const events = AUDIT_KINDS.find(({ value }) => value === kind)?.events ?? [];
  const query = new URLSearchParams();
  if (events.length > 0) query.set("event", events.join(","));
  for (const [name, text] of Object.entries({ result, identity, machine })) {
    if (text.trim() !== "") query.set(name, text.trim());
  }
  if (before !== undefined) query.set("before", `${before}`);
  if (limit !== undefined) query.set("limit", `${limit}`);
  return query.toString();
}

/**
 * @param {readonly AuditRecord[]} records
 * @returns {AuditRow[]}
 */
export function auditRows(records) {
  return records.map(({ id, time, event, result, ...texts }) => {
    const { identity = "", machine = "", source = "", reason = "", detail = "" } = texts;
    return {
      key: `${id}`,
      time,
      timeLocal: localTime(time),
      label: LABELS[event] ?? event,
      result: RESULTS[result] ?? { kind: "degraded", label: result },
      identity,
      source,
      machine,
      detail: [detail, reason].filter((text) => text !== "").join(", "),
    };
  });
}

/**
 * The newest records joined to those that are shown: nothing twice, newest first.
 *
 * @param {readonly AuditRecord[]} shown newest first
 * @param {AuditPage} newest
 * @returns {{ records: AuditRecord[], isJoined: boolean }} not joined if records lie between them
 */
export function joinRecords(shown, { records, before }) {
  const oldest = records.at(-1)?.id ?? Infinity;
  const latest = shown[0]?.id;
  const isJoined = latest === undefined || before === undefined || oldest <= latest;
  const older = isJoined ? shown.filter(({ id }) => id < oldest) : [];
  return { records: [...records, ...older], isJoined };
}

/**
 * What a check of the chain says.
 *
 * @param {{ ok: boolean, records: number, fault?: { id: number, text: string } }} verified
 * @returns {{ isOk: boolean, text: string }}
 */
export function verification({ ok, records, fault }) {
  if (ok) return { isOk: true, text: `All ${records} records are as they were written` };
  const what = fault === undefined ? "" : `: record ${fault.id}: ${fault.text}`;
  return { isOk: false, text: `The chain is broken${what}` };
}
