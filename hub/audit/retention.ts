import { encodeHex } from "../../core/bytes/mod.ts";
import type { AuditFile } from "./audit_file.ts";
import { pendingRecord } from "./entry.ts";

/** What is kept. The record that says what was removed is always kept. */
export interface RetentionLimits {
  /** Records older than this go, in milliseconds; 0 for no limit. */
  readonly maxAgeMs: number;
  /** When the file is larger the oldest records go, in bytes; 0 for no limit. */
  readonly maxBytes: number;
}

/** Records removed in one turn of the event loop: some 10 ms. */
const STEP_RECORDS = 2000;

/**
 * Removes some of the oldest records if there are any to be removed.
 *
 * @returns true if there may be more
 */
export function pruneStep(file: AuditFile, { limits, wallMs, stepRecords = STEP_RECORDS }: {
  limits: RetentionLimits;
  wallMs: number;
  stepRecords?: number;
}): boolean {
  const { maxAgeMs, maxBytes } = limits;
  const isTooLarge = maxBytes > 0 && file.usedBytes > maxBytes;
  const beforeMs = maxAgeMs > 0 ? wallMs - maxAgeMs : -Infinity;
  const isOld = ({ timeMs }: { readonly timeMs: number }) => timeMs < beforeMs;
  if (!isTooLarge && !file.oldest(1).some(isOld)) return false;
  const oldest = file.oldest(stepRecords);
  const firstKept = isTooLarge ? -1 : oldest.findIndex((record) => !isOld(record));
  const count = firstKept < 0 ? oldest.length : firstKept;
  const upTo = oldest[count - 1]?.id;
  // A record that is alone stays, be it over age: it may be the one that vouches for those removed.
  if (upTo === undefined || (count === 1 && upTo === file.last.id)) return false;
  file.removeUpTo(upTo, (mark, removed) =>
    pendingRecord({
      event: "retention",
      reason: isTooLarge ? "size" : "age",
      data: { removed, upTo: mark.id, hash: encodeHex(mark.hash) },
    }, wallMs));
  return count === stepRecords;
}
