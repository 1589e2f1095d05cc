import { encodeHex } from "../../core/bytes/mod.ts";
import { type Clock, sleep } from "../../core/clock/mod.ts";
import type { AuditFile, AuditFilter } from "./audit_file.ts";
import { type ChainedRecord, type ChainFault, ChainFollower, type ChainMark } from "./chain.ts";

/** Records looked at in one turn of the event loop: some 5 ms. */
const SLICE_RECORDS = 1000;

/** A page of records. */
export interface AuditPage {
  /** Newest first. */
  readonly records: readonly ChainedRecord[];
  /** Where the next page starts: its records are before this id. Undefined if there are no more. */
  readonly before: number | undefined;
}

/** What a check of the chain found. */
export interface Verification {
  /** Records that were checked. */
  readonly records: number;
  /** The last record that retention had removed before; id 0 if it had removed none. */
  readonly first: ChainMark;
  /** The last record that was checked. */
  readonly last: ChainMark;
  /** The first thing that is wrong; undefined if all is well. */
  readonly fault: ChainFault | undefined;
}

/** Reads a file of records bit by bit, so that the relay goes on meanwhile. */
export class AuditReader {
  readonly #store: { readonly file: AuditFile | undefined };
  readonly #clock: Clock;

  /** Reads the file that the store has open; every call throws while it has none. */
  constructor(store: { readonly file: AuditFile | undefined }, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  /** The newest records that pass, at most `limit` of them, all before the id `before`. */
  async page({ filter = {}, before = Infinity, limit }: {
    filter?: AuditFilter;
    before?: number | undefined;
    limit: number;
  }): Promise<AuditPage> {
    const records: ChainedRecord[] = [];
    let last = Math.min(before - 1, this.#file().last.id);
    while (records.length < limit && last > this.#file().removed.id) {
      const first = Math.max(1, last - SLICE_RECORDS + 1);
      const wanted = limit - records.length;
      const found = this.#file().select({ first, last }, { filter, limit: wanted });
      records.push(...found);
      last = found.length === wanted ? found.at(-1)!.id - 1 : first - 1;
      await this.#turn();
    }
    const hasMore = last > this.#file().removed.id;
    return { records, before: hasMore ? last + 1 : undefined };
  }

  /** All records that pass, oldest first, in portions; records that come meanwhile are left out. */
  async *all(filter: AuditFilter = {}): AsyncGenerator<readonly ChainedRecord[]> {
    const end = this.#file().last.id;
    for (let first = this.#file().removed.id + 1; first <= end; first += SLICE_RECORDS) {
      const last = Math.min(end, first + SLICE_RECORDS - 1);
      yield this.#file().select({ first, last }, {
        filter,
        limit: SLICE_RECORDS,
        oldestFirst: true,
      });
      await this.#turn();
    }
  }

  /** Follows the chain from its first record to its last. */
  async verify(): Promise<Verification> {
    const started = this.#file();
    const first = started.removed;
    const follower = new ChainFollower(first, (hash) => started.hasHash(hash));
    const witness = new RetentionWitness();
    let records = 0;
    for (;;) {
      const file = this.#file();
      if (file !== started) throw new Error("Cannot verify: the file was replaced meanwhile");
      follower.skipTo(file.removed);
      const rows = file.select({ first: follower.last.id + 1, last: Number.MAX_SAFE_INTEGER }, {
        limit: SLICE_RECORDS,
        oldestFirst: true,
      });
      const end = file.last;
      for (const row of rows) {
        const fault = row.id > end.id ? added(row) : follower.follow(row);
        if (fault !== undefined) return { records, first, last: follower.last, fault };
        witness.see(row);
        records++;
      }
      if (rows.length < SLICE_RECORDS) {
        const fault = follower.finish(end) ?? witness.fault(file.removed);
        return { records, first, last: follower.last, fault };
      }
      await this.#turn();
    }
  }

  /** The hash of a record; undefined if it is not held any more, or not yet. */
  hashOf(id: number): Uint8Array | undefined {
    return this.#file().select({ first: id, last: id }, { limit: 1 })[0]?.hash;
  }

  #file(): AuditFile {
    const { file } = this.#store;
    if (file === undefined) throw new Error("Cannot read the records: their file cannot be opened");
    return file;
  }

  #turn(): Promise<void> {
    return sleep(this.#clock, 0);
  }
}

function added({ id }: ChainedRecord): ChainFault {
  return { id, what: "added", text: `record ${id} was not written by the hub` };
}

/** Finds out whether a record of the chain vouches for the removal of those before it. */
class RetentionWitness {
  #newest = "";

  see({ event, data }: ChainedRecord): void {
    if (event === "retention") this.#newest = data;
  }

  fault({ id, hash }: ChainMark): ChainFault | undefined {
    if (id === 0) return undefined;
    const vouched = this.#newest === "" ? {} : JSON.parse(this.#newest);
    if (vouched.upTo === id && vouched.hash === encodeHex(hash)) return undefined;
    return { id: 1, what: "removed", text: `records 1 to ${id} were removed, not by retention` };
  }
}
