import { createHash } from "node:crypto";
import { encodeHex } from "../../core/bytes/mod.ts";
import type { AuditRecord } from "./record.ts";

/** Length of a hash in bytes: SHA-256. */
export const HASH_BYTES = 32;

/** What stands before the first record of a file. */
export const GENESIS: Uint8Array = new Uint8Array(HASH_BYTES);

/** A record as it is stored: chained to the one before it. */
export interface ChainedRecord extends AuditRecord {
  /** Hash of the record before, or {@linkcode GENESIS}. */
  readonly previous: Uint8Array;
  /** Hash of `previous` and this record. */
  readonly hash: Uint8Array;
}

/** A place in the chain: a record and its hash. */
export interface ChainMark {
  /** Id of the record; 0 before the first. */
  readonly id: number;
  /** Its hash. */
  readonly hash: Uint8Array;
}

/** The text of a record that is hashed: a JSON array of its fields in the order of the type. */
export function canonicalText(record: AuditRecord): string {
  const { id, timeMs, event, result, identity, machine, source, reason, detail, data } = record;
  return JSON.stringify([
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
  ]);
}

/** SHA-256 over the hash of the record before, and the canonical text of this one as UTF-8. */
export function chainHash(previous: Uint8Array, record: AuditRecord): Uint8Array {
  return createHash("sha256").update(previous).update(canonicalText(record)).digest();
}

/** What is wrong with a chain, at the first place where it is. */
export interface ChainFault {
  /** Id of the first record that is not as it was written. */
  readonly id: number;
  /** What happened to it. */
  readonly what: "changed" | "removed" | "reordered" | "added";
  /** The same for people. */
  readonly text: string;
}

function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

/**
 * Follows a chain record by record and finds the first that is not as it was written. Whoever
 * rewrites a whole chain from some record on is not found out by the chain alone, but by comparing
 * the hash of any later record with one noted elsewhere.
 */
export class ChainFollower {
  #last: ChainMark;
  readonly #isElsewhere: (hash: Uint8Array) => boolean;

  /**
   * Starts behind a mark.
   *
   * @param isElsewhere tells whether any record of the store has this hash; asked at most once
   */
  constructor(start: ChainMark, isElsewhere: (hash: Uint8Array) => boolean) {
    this.#last = start;
    this.#isElsewhere = isElsewhere;
  }

  /** The record that was followed last. */
  get last(): ChainMark {
    return this.#last;
  }

  /** Goes on behind another mark, because what lay before it was removed by retention meanwhile. */
  skipTo(mark: ChainMark): void {
    if (mark.id > this.#last.id) this.#last = mark;
  }

  /** Takes the next record; says what is wrong if it does not follow the one before. */
  follow(record: ChainedRecord): ChainFault | undefined {
    const { id, previous, hash } = record;
    const last = this.#last;
    const expected = last.id + 1;
    if (id !== expected) return missing(expected, id - 1);
    const isSelfConsistent = isEqual(chainHash(previous, record), hash);
    if (!isEqual(previous, last.hash)) {
      // A record that is whole in itself speaks for its predecessor, which is then the wrong one.
      if (this.#isElsewhere(previous)) {
        return { id, what: "reordered", text: `record ${id} stands in the place of another` };
      }
      const changed = isSelfConsistent && last.id > 0 ? last.id : id;
      return { id: changed, what: "changed", text: `record ${changed} was changed` };
    }
    if (!isSelfConsistent) return { id, what: "changed", text: `record ${id} was changed` };
    this.#last = { id, hash };
    return undefined;
  }

  /** To be called behind the last record; says what is missing up to `end`. */
  finish(end: ChainMark): ChainFault | undefined {
    const { id, hash } = this.#last;
    if (id < end.id) return missing(id + 1, end.id);
    if (id > end.id || !isEqual(hash, end.hash)) {
      const text = `record ${id} is not the one that was written last: that is ${end.id}`;
      return { id, what: "changed", text };
    }
    return undefined;
  }
}

function missing(first: number, last: number): ChainFault {
  const text = first >= last
    ? `record ${first} was removed`
    : `records ${first} to ${last} were removed`;
  return { id: first, what: "removed", text };
}

/** A record as a line of an export: its fields, the time in RFC 3339, hashes in hexadecimal. */
export function exportView(record: ChainedRecord): Record<string, unknown> {
  const { id, timeMs, previous, hash } = record;
  return {
    id,
    time: new Date(timeMs).toISOString(),
    ...fieldsOf(record),
    previous: encodeHex(previous),
    hash: encodeHex(hash),
  };
}

/** The fields that say something. */
function fieldsOf(record: AuditRecord): Record<string, unknown> {
  const { event, result, identity, machine, source, reason, detail, data } = record;
  const texts = Object.entries({ identity, machine, source, reason, detail });
  return {
    event,
    result,
    ...Object.fromEntries(texts.filter(([, text]) => text !== "")),
    ...(data !== "" && { data: parsedData(data) }),
  };
}

/** Data that somebody has changed need not be JSON any more; it is shown as it is. */
function parsedData(data: string): unknown {
  try {
    return JSON.parse(data);
  } catch {
    return data;
  }
}
