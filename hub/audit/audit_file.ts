import { DatabaseSync, type StatementSync } from "node:sqlite";
import { type ChainedRecord, chainHash, type ChainMark } from "./chain.ts";
import type { PendingRecord } from "./entry.ts";
import type { AuditEvent } from "./record.ts";
import { SCHEMA, SCHEMA_VERSION } from "./schema.ts";

/** Which records are asked for; all of what is given must hold. */
export interface AuditFilter {
  /** Only these events. */
  readonly events?: readonly AuditEvent[];
  /** Only this identity. */
  readonly identity?: string;
  /** Only this machine. */
  readonly machine?: string;
  /** Only this result. */
  readonly result?: string;
  /** Not before this time, in milliseconds since 1970. */
  readonly sinceMs?: number;
  /** Before this time, in milliseconds since 1970. */
  readonly untilMs?: number;
}

/** Ids from `first` to `last`, both included. */
export interface IdRange {
  /** Lowest id. */
  readonly first: number;
  /** Highest id. */
  readonly last: number;
}

/** A file that a later version of this program has written. */
export class AuditSchemaError extends Error {
  /** For programs that print it. */
  override readonly name: string = "AuditSchemaError";
}

/** The write-ahead log is cut back to this size, in bytes, once it has been worked off. */
const LOG_BYTES = 8 * 1024 * 1024;

const COLUMNS =
  "id, time_ms AS timeMs, event, result, identity, machine, source, reason, detail, " +
  "data, previous, hash";

function conditionsOf(filter: AuditFilter): { sql: string; values: (string | number)[] } {
  const { events, identity, machine, result, sinceMs, untilMs } = filter;
  const parts: [string, readonly (string | number)[]][] = [];
  if (events !== undefined) parts.push([`event IN (${events.map(() => "?").join()})`, events]);
  if (identity !== undefined) parts.push(["identity = ?", [identity]]);
  if (machine !== undefined) parts.push(["machine = ?", [machine]]);
  if (result !== undefined) parts.push(["result = ?", [result]]);
  if (sinceMs !== undefined) parts.push(["time_ms >= ?", [sinceMs]]);
  if (untilMs !== undefined) parts.push(["time_ms < ?", [untilMs]]);
  return {
    sql: parts.map(([sql]) => ` AND ${sql}`).join(""),
    values: parts.flatMap(([, values]) => values),
  };
}

/** Makes the file before SQLite does, which would let everybody read it. */
function createPrivate(path: string): void {
  try {
    Deno.openSync(path, { write: true, createNew: true, mode: 0o600 }).close();
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
  }
}

/**
 * The file of records: SQLite, synchronous. Every call throws what SQLite reports.
 *
 * The write-ahead log is used because it makes a commit one append without waiting for the disk (60
 * µs measured, against 2 ms with it), because a process that is killed leaves a file that the next
 * one finds whole, and because others may read while the hub writes.
 */
export class AuditFile {
  readonly #db: DatabaseSync;
  readonly #insert: StatementSync;
  readonly #mark: StatementSync;

  /** Opens a file, which is made if it is missing. */
  constructor(path: string) {
    createPrivate(path);
    const db = new DatabaseSync(path, { timeout: 0 });
    this.#db = db;
    try {
      prepareSchema(db);
      this.#insert = db.prepare(`INSERT INTO record VALUES (${Array(12).fill("?").join()})`);
      this.#mark = db.prepare("SELECT id, hash FROM mark WHERE name = ?");
    } catch (error) {
      db.close();
      throw error;
    }
  }

  /** The record that was written last, and its hash. */
  get last(): ChainMark {
    return this.#readMark("last");
  }

  /** The last record that retention has removed. */
  get removed(): ChainMark {
    return this.#readMark("removed");
  }

  /** Bytes in use: what the file would have if it were packed. */
  get usedBytes(): number {
    return (this.#number("page_count") - this.#number("freelist_count")) *
      this.#number("page_size");
  }

  /**
   * Appends records as one transaction.
   *
   * @param isDurable waits for the disk, so that they outlive a power cut too
   */
  append(records: readonly PendingRecord[], { isDurable }: { isDurable: boolean }): void {
    this.#db.exec(`PRAGMA synchronous = ${isDurable ? "FULL" : "NORMAL"}`);
    this.#transaction(() => this.#appendAll(records));
  }

  /**
   * Removes the records up to `upTo` and appends `note`, as one transaction.
   *
   * @param note makes the record that says so
   */
  removeUpTo(upTo: number, note: (removed: ChainMark, count: number) => PendingRecord): void {
    this.#transaction(() => {
      const row = this.#db.prepare("SELECT id, hash FROM record WHERE id = ?").get(upTo);
      if (row === undefined) throw new RangeError(`Cannot remove up to ${upTo}: no such record`);
      const mark = row as unknown as ChainMark;
      this.#db.prepare("UPDATE mark SET id = ?, hash = ? WHERE name = 'removed'")
        .run(mark.id, mark.hash);
      const { changes } = this.#db.prepare("DELETE FROM record WHERE id <= ?").run(upTo);
      this.#appendAll([note(mark, Number(changes))]);
    });
  }

  /** The records of a range that pass, newest first unless said otherwise. */
  select({ first, last }: IdRange, { filter = {}, limit, oldestFirst = false }: {
    filter?: AuditFilter;
    limit: number;
    oldestFirst?: boolean;
  }): ChainedRecord[] {
    const { sql, values } = conditionsOf(filter);
    const order = oldestFirst ? "ASC" : "DESC";
    const statement = this.#db.prepare(
      `SELECT ${COLUMNS} FROM record WHERE id BETWEEN ? AND ?${sql} ORDER BY id ${order} LIMIT ?`,
    );
    return statement.all(first, last, ...values, limit) as unknown as ChainedRecord[];
  }

  /** The newest records of what happened with machines and sessions, newest first. */
  newestOfMachines(limit: number): ChainedRecord[] {
    const statement = this.#db.prepare(
      `SELECT ${COLUMNS} FROM record
       WHERE event IN ('register', 'agent-gone', 'session-open', 'session-close')
       ORDER BY id DESC LIMIT ?`,
    );
    return statement.all(limit) as unknown as ChainedRecord[];
  }

  /** The oldest `count` records, as id and time, oldest first. */
  oldest(count: number): { readonly id: number; readonly timeMs: number }[] {
    return this.#db.prepare("SELECT id, time_ms AS timeMs FROM record ORDER BY id LIMIT ?")
      .all(count) as unknown as { id: number; timeMs: number }[];
  }

  /** Tells whether a record has this hash. */
  hasHash(hash: Uint8Array): boolean {
    return this.#db.prepare("SELECT 1 FROM record WHERE hash = ? LIMIT 1").get(hash) !== undefined;
  }

  /** Closes the file; harmless when it is closed. */
  close(): void {
    if (this.#db.isOpen) this.#db.close();
  }

  #appendAll(records: readonly PendingRecord[]): void {
    let { id, hash } = this.last;
    for (const record of records) {
      const previous = hash;
      hash = chainHash(previous, { ...record, id: ++id });
      const { timeMs, event, result, identity, machine, source, reason, detail, data } = record;
      this.#insert.run(
        id,
        timeMs,
        event,
        result,
        identity,
        machine,
        source,
        reason,
        detail,
        data,
        previous,
        hash,
      );
    }
  }

  #transaction(work: () => void): void {
    this.#db.exec("BEGIN IMMEDIATE");
    try {
      work();
      this.#db.exec("COMMIT");
    } catch (error) {
      // SQLite has rolled back by itself on some errors, a full disk for one.
      if (this.#db.isTransaction) this.#db.exec("ROLLBACK");
      throw error;
    }
  }

  #readMark(name: "last" | "removed"): ChainMark {
    const row = this.#mark.get(name);
    if (row === undefined) throw new Error(`audit: the mark "${name}" is missing`);
    return row as unknown as ChainMark;
  }

  #number(pragma: string): number {
    return Number(Object.values(this.#db.prepare(`PRAGMA ${pragma}`).get() ?? {})[0]);
  }
}

function prepareSchema(db: DatabaseSync): void {
  const version = Number(db.prepare("PRAGMA user_version").get()?.user_version);
  if (version > SCHEMA_VERSION) {
    const message = `the file has schema ${version}, this program knows ${SCHEMA_VERSION}`;
    throw new AuditSchemaError(message);
  }
  db.exec(`PRAGMA journal_mode = WAL; PRAGMA journal_size_limit = ${LOG_BYTES}`);
  if (version === SCHEMA_VERSION) return;
  db.exec(`BEGIN IMMEDIATE; ${SCHEMA} COMMIT`);
}
