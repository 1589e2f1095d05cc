import { dirname } from "node:path";
import type { Clock, Timer } from "../../core/clock/mod.ts";
import type { Log } from "../../core/log/mod.ts";
import { AuditFile } from "./audit_file.ts";
import { type PendingRecord, pendingRecord } from "./entry.ts";
import { adviceOn, type AuditFault, faultOf } from "./fault.ts";
import { putAside } from "./put_aside.ts";
import { type Audit, type AuditEntry, isChange } from "./record.ts";
import { pruneStep, type RetentionLimits } from "./retention.ts";

/** Records written in one transaction: some 5 ms in which nothing else runs. */
const BATCH_RECORDS = 250;

/**
 * What is no change waits so long for others to be written with: a commit costs 60 µs, a record 10
 * µs (measured). Whoever kills the hub loses what happened in this time.
 */
const FLUSH_DELAY_MS = 10;

/** Records that wait for a store that cannot be written; what comes then is lost, and counted. */
const MAX_WAITING = 10_000;

/** Changes may wait beyond that, so that no flood of requests displaces them. */
const MAX_WAITING_CHANGES = MAX_WAITING + 10_000;

/** First and longest pause before a store that failed is tried again. */
const RETRY_MS = { first: 100, longest: 30_000 };

/** How often the oldest records are looked at, and after how many new ones in between. */
const PRUNE = { everyMs: 10 * 60_000, everyRecords: 2000 };

/** Options of {@linkcode AuditStore}. */
export interface AuditStoreOptions {
  /** The file; its folder is made if it is missing. */
  readonly path: string;
  /** What is kept. */
  readonly limits: RetentionLimits;
  /** Gives the time, and turns of the event loop. */
  readonly clock: Clock;
  /** Told when the store degrades and when it is well again. */
  readonly log: Log;
  /** Opens the file; for tests. Default: as `AuditFile` does. */
  readonly open?: (path: string) => AuditFile;
  /** Most records that wait for a store that cannot be written. Default 10,000. */
  readonly maxWaiting?: number;
}

/** How a store is. */
export interface AuditState {
  /** Why records cannot be written; undefined if they can. */
  readonly fault: AuditFault | undefined;
  /** Records that wait to be written. */
  readonly waiting: number;
  /** Records written since the start. */
  readonly written: number;
  /** Records lost since the start, because too many waited. */
  readonly lost: number;
  /** Damaged files put aside since the start. */
  readonly putAside: number;
}

/**
 * The record of what happened, in a file. What comes within a few milliseconds is written in one
 * transaction; a change of who may do what is written, with all that came before, before
 * `record` returns. Where that fails, entries wait within bounds, changes are told to the log as
 * well, and the file is tried again.
 */
export class AuditStore implements Audit {
  readonly #options: AuditStoreOptions;
  #file: AuditFile | undefined;
  #waiting: PendingRecord[] = [];
  #fault: AuditFault | undefined;
  #written = 0;
  #lost = 0;
  #lostUntold = 0;
  #putAside = 0;
  #pauseMs = RETRY_MS.first;
  #writtenSincePrune = 0;
  #flushTimer: Timer | undefined;
  #pruneTimer: Timer | undefined;
  /** The file took the place of a damaged one, and nothing has been written to it yet. */
  #isUnproven = false;
  #isClosed = false;

  /** Opens the file; a failure degrades the store and is told to the log, it is not thrown. */
  constructor(options: AuditStoreOptions) {
    this.#options = options;
    this.#flush();
    this.#schedulePrune(0);
  }

  /** How it is. */
  get state(): AuditState {
    return {
      fault: this.#fault,
      waiting: this.#waiting.length,
      written: this.#written,
      lost: this.#lost,
      putAside: this.#putAside,
    };
  }

  /** The file to read from, with all that was recorded so far; undefined if it cannot be opened. */
  get file(): AuditFile | undefined {
    if (this.#waiting.length > 0 && this.#fault === undefined) this.#flush();
    return this.#file;
  }

  record(entry: AuditEntry): void {
    const record = pendingRecord(entry, this.#options.clock.wallMs());
    const isUrgent = isChange(record.event);
    if (!this.#admit(record, isUrgent)) return;
    if (this.#fault !== undefined && isUrgent) this.#tell("waits to be written", record);
    else if (isUrgent) this.#flush();
    else this.#schedule(FLUSH_DELAY_MS);
  }

  /** Writes what waits and closes the file; what comes later is told to the log alone. */
  close(): void {
    this.#flush();
    this.#isClosed = true;
    this.#flushTimer?.cancel();
    this.#pruneTimer?.cancel();
    if (this.#waiting.length > 0) this.#log(`${this.#waiting.length} records could not be written`);
    this.#file?.close();
    this.#file = undefined;
  }

  #admit(record: PendingRecord, isUrgent: boolean): boolean {
    const { maxWaiting = MAX_WAITING } = this.#options;
    const bound = isUrgent ? MAX_WAITING_CHANGES : maxWaiting;
    if (!this.#isClosed && this.#waiting.length < bound) {
      this.#waiting.push(record);
      return true;
    }
    this.#lost++;
    this.#lostUntold++;
    if (isUrgent) this.#tell("was lost", record);
    return false;
  }

  #schedule(delayMs: number): void {
    this.#flushTimer ??= this.#options.clock.setTimer(() => this.#flush(), delayMs);
  }

  #flush(): void {
    this.#flushTimer?.cancel();
    this.#flushTimer = undefined;
    if (this.#isClosed) return;
    try {
      this.#writeAll();
    } catch (error) {
      if (this.#recover(error)) return this.#flush();
      this.#degrade(error);
    }
  }

  #writeAll(): void {
    this.#file ??= this.#open();
    this.#noteLoss();
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.slice(0, BATCH_RECORDS);
      const isDurable = batch.some(({ event }) => isChange(event));
      this.#file.append(batch, { isDurable });
      this.#waiting = this.#waiting.slice(batch.length);
      this.#written += batch.length;
      this.#writtenSincePrune += batch.length;
    }
    if (this.#writtenSincePrune >= PRUNE.everyRecords) this.#schedulePrune(0);
    this.#pauseMs = RETRY_MS.first;
    this.#isUnproven = false;
    if (this.#fault === undefined) return;
    this.#fault = undefined;
    this.#log(`well again: all records that waited are written; ${this.#lost} are lost`);
  }

  #open(): AuditFile {
    const { path, open = (path) => new AuditFile(path) } = this.#options;
    Deno.mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    return open(path);
  }

  /** Where records were lost, the chain says so; the note goes before what comes next. */
  #noteLoss(): void {
    if (this.#lostUntold === 0) return;
    const data = { lost: this.#lostUntold };
    this.#lostUntold = 0;
    const entry: AuditEntry = { event: "gap", result: "failed", reason: this.#fault, data };
    this.#waiting.push(pendingRecord(entry, this.#options.clock.wallMs()));
  }

  /** Puts a damaged file aside; true if it is worth trying again at once. */
  #recover(error: unknown): boolean {
    // A new file that is found damaged at once is not put aside again and again.
    if (faultOf(error) !== "damaged" || this.#isUnproven) return false;
    this.#close();
    const { path, clock } = this.#options;
    let name: string;
    try {
      name = putAside(path, clock.wallMs());
    } catch (cause) {
      this.#log(`cannot put the damaged ${path} aside: ${messageOf(cause)}`);
      return false;
    }
    this.#putAside++;
    this.#log(`${path} is damaged (${messageOf(error)}); it is now ${name}, records start anew`);
    const entry: AuditEntry = { event: "reset", result: "failed", reason: "damaged", detail: name };
    this.#waiting.unshift(pendingRecord(entry, clock.wallMs()));
    this.#isUnproven = true;
    return true;
  }

  #close(): void {
    try {
      this.#file?.close();
    } catch (error) {
      this.#log(`cannot close ${this.#options.path}: ${messageOf(error)}`);
    }
    this.#file = undefined;
  }

  #degrade(error: unknown): void {
    const fault = faultOf(error);
    if (this.#fault !== fault) {
      const { path } = this.#options;
      const advice = adviceOn(fault);
      this.#log(`DEGRADED: cannot write ${path}: ${messageOf(error)}; ${advice}; records wait`);
      for (const record of this.#waiting) {
        if (isChange(record.event)) this.#tell("waits to be written", record);
      }
    }
    this.#fault = fault;
    // A new connection finds what an old one may not, a file that was replaced for one. While the
    // file is only locked, or the disk full, what is in it can still be read.
    if (fault === "unwritable" || fault === "damaged") this.#close();
    this.#flushTimer?.cancel();
    this.#flushTimer = undefined;
    this.#schedule(this.#pauseMs);
    this.#pauseMs = Math.min(2 * this.#pauseMs, RETRY_MS.longest);
  }

  #schedulePrune(delayMs: number): void {
    this.#pruneTimer?.cancel();
    this.#writtenSincePrune = 0;
    this.#pruneTimer = this.#options.clock.setTimer(() => this.#prune(), delayMs);
  }

  #prune(): void {
    if (this.#isClosed) return;
    const { limits, clock } = this.#options;
    let isDone = true;
    try {
      if (this.#file !== undefined && this.#fault === undefined) {
        isDone = !pruneStep(this.#file, { limits, wallMs: clock.wallMs() });
      }
    } catch (error) {
      this.#log(`cannot remove old records: ${messageOf(error)}`);
    }
    this.#schedulePrune(isDone ? PRUNE.everyMs : 0);
  }

  #tell(what: string, { event, identity, machine, source, reason, detail, data }: PendingRecord) {
    const fields = Object.entries({ identity, machine, source, reason, detail, data })
      .filter(([, value]) => value !== "")
      .map(([name, value]) => `${name} ${JSON.stringify(value)}`);
    this.#log(`record ${what}: ${[event, ...fields].join(", ")}`);
  }

  #log(text: string): void {
    this.#options.log(text);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
