import type { AuditEntry, AuditRecord } from "./record.ts";

/** Longest identity, machine, address and reason that is kept, in UTF-16 units. */
const MAX_NAME_LENGTH = 256;

/** Longest detail, and JSON text of data, that is kept, in UTF-16 units. */
const MAX_DETAIL_LENGTH = 2048;

/** An entry made fit to be stored; it gets its id when it is. */
export type PendingRecord = Omit<AuditRecord, "id">;

/**
 * A text of a peer's choice made fit to be stored, hashed and shown: lone surrogates would not come
 * back from UTF-8 as they were, control characters could drive a terminal.
 */
function clean(text: string, maxLength: number): string {
  const cut = text.length > maxLength ? `${text.slice(0, maxLength - 1)}…` : text;
  // deno-lint-ignore no-control-regex -- control characters are what must not get through
  return cut.toWellFormed().replace(/[\x00-\x1f\x7f-\x9f]/g, " ");
}

function dataText(data: AuditEntry["data"]): string {
  if (data === undefined) return "";
  const text = JSON.stringify(
    data,
    (_, value) => typeof value === "string" ? clean(value, MAX_NAME_LENGTH) : value,
  );
  return text.length <= MAX_DETAIL_LENGTH ? text : JSON.stringify({ droppedLength: text.length });
}

/** The record of an entry that came at `wallMs`. */
export function pendingRecord(entry: AuditEntry, wallMs: number): PendingRecord {
  const { event, result = "ok", identity = "", machine = "", source = "" } = entry;
  return {
    timeMs: Math.round(wallMs),
    event,
    result,
    identity: clean(identity, MAX_NAME_LENGTH),
    machine: clean(machine, MAX_NAME_LENGTH),
    source: clean(source, MAX_NAME_LENGTH),
    reason: clean(entry.reason ?? "", MAX_NAME_LENGTH),
    detail: clean(entry.detail ?? "", MAX_DETAIL_LENGTH),
    data: dataText(entry.data),
  };
}
