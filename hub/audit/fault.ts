import { AuditSchemaError } from "./audit_file.ts";

/**
 * Why records cannot be written. `damaged` is the only one that waiting does not help: what the file
 * holds is not what this program wrote.
 */
export type AuditFault = "locked" | "full" | "unwritable" | "damaged";

const BY_MESSAGE: readonly [RegExp, AuditFault][] = [
  [/\blocked\b|\bbusy\b/i, "locked"],
  [/\bfull\b/i, "full"],
  [/unable to open|readonly|read-only|I\/O error|out of memory|interrupted/i, "unwritable"],
];

/** What to do about each, for the log. */
const ADVICE: Readonly<Record<AuditFault, string>> = {
  locked: "end the other program that writes to it",
  full: "make room on the disk",
  unwritable: "let the hub read and write it and its folder",
  damaged: "look at the file put aside",
};

/** Finds out what kind of failure an error of SQLite, or of the file system, is. */
export function faultOf(error: unknown): AuditFault {
  // `node:sqlite` gives SQLite's own code in no field of the error, only its text.
  const { code, message } = error as { code?: unknown; message?: unknown };
  if (code !== "ERR_SQLITE_ERROR" || error instanceof AuditSchemaError) {
    return /^audit: /.test(String(message)) ? "damaged" : "unwritable";
  }
  return BY_MESSAGE.find(([pattern]) => pattern.test(String(message)))?.[1] ?? "damaged";
}

/** What the operator can do. */
export function adviceOn(fault: AuditFault): string {
  return ADVICE[fault];
}
