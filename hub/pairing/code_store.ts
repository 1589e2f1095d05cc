import { Buffer } from "node:buffer";
import { scryptSync } from "node:crypto";
import { DatabaseSync } from "node:sqlite";
import { encodeHex, type Random } from "../../core/bytes/mod.ts";
import type { Role } from "../config/mod.ts";

/** Codes that may be redeemed at a time. Each more makes guessing one easier. */
export const MAX_CODES = 1000;

/**
 * Cost of finding out whether a code is a stored one: 4 MiB and some 10 ms. Whoever steals the file
 * needs that for each of 2^40 codes; here attempts are throttled.
 */
const SCRYPT = { N: 4096, r: 8, p: 1 };

const SALT_BYTES = 16;
const DIGEST_BYTES = 32;

/** Of a digest, what stands for its code: without the salt nobody can test a code by it. */
const ID_BYTES = 6;

const SCHEMA = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = FULL;
  PRAGMA busy_timeout = 250;
  CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS codes (
    digest BLOB PRIMARY KEY,
    expires_ms INTEGER NOT NULL,
    promise TEXT NOT NULL
  ) STRICT;
`;

/** What a code is worth to whoever redeems it. */
export interface Promised {
  /** `connect`: to machines; `register`: as the agent of one machine. */
  readonly type: "connect" | "register";
  /** Names of machines, or `*`; exactly one, for `register`. */
  readonly machines: readonly string[];
  /** Role of the identity that is made. */
  readonly role: Role;
  /** Fingerprint of the agent of the only machine, which the client is to trust. */
  readonly fingerprint?: string | undefined;
  /** Digest of the token of whoever made the code, on whose right it rests. */
  readonly by: string;
}

/** A code that may still be redeemed, without the code. */
export interface OpenCode {
  /** Stands for the code with administrators; says nothing of it. */
  readonly id: string;
  /** What it is worth. */
  readonly promised: Promised;
  /** When it ends, in milliseconds since 1970. */
  readonly expiresAtMs: number;
}

/** A code that has been taken out and not yet used. */
export interface Taken {
  /** What it is worth. */
  readonly promised: Promised;
  /** Puts it back, as nothing came of it. */
  putBack(): void;
}

/** The pairing codes that may still be redeemed, kept over restarts, never in clear. */
export class CodeStore {
  readonly #database: DatabaseSync;
  readonly #salt: Uint8Array;
  readonly #maxCodes: number;

  /**
   * Opens the file, or makes it.
   *
   * @param path of the file, for its owner alone; `:memory:` keeps nothing over a restart
   * @param maxCodes codes kept at a time. Default: {@linkcode MAX_CODES}
   * @throws {Error} if it cannot be opened
   */
  constructor(
    path: string,
    { random, maxCodes = MAX_CODES }: { readonly random: Random; readonly maxCodes?: number },
  ) {
    this.#maxCodes = maxCodes;
    if (path !== ":memory:") makePrivate(path);
    this.#database = new DatabaseSync(path);
    this.#database.exec(SCHEMA);
    const fresh = new Uint8Array(SALT_BYTES);
    random(fresh);
    this.#database.prepare("INSERT OR IGNORE INTO meta VALUES ('salt', ?)").run(fresh);
    const row = this.#database.prepare("SELECT value FROM meta WHERE key = 'salt'").get();
    this.#salt = row!.value as Uint8Array;
  }

  /** How many codes there are, expired ones included until they are purged. */
  get size(): number {
    return Number(this.#database.prepare("SELECT count(*) AS n FROM codes").get()!.n);
  }

  /** Takes a new code in; false if there are too many, or there is the same already. */
  add(code: string, { promised, expiresAtMs, wallMs }: {
    readonly promised: Promised;
    readonly expiresAtMs: number;
    readonly wallMs: number;
  }): boolean {
    this.#purge(wallMs);
    if (this.size >= this.#maxCodes) return false;
    return this.#insert(this.#digest(code), { expiresAtMs, promised });
  }

  /**
   * Takes a code out, so that nobody else can; undefined if there is none, it has expired or
   * `accepts` says no, which leaves it.
   */
  take(code: string, { wallMs, accepts }: {
    readonly wallMs: number;
    readonly accepts: (promised: Promised) => boolean;
  }): Taken | undefined {
    this.#purge(wallMs);
    const digest = this.#digest(code);
    const row = this.#database.prepare("SELECT * FROM codes WHERE digest = ?").get(digest);
    if (row === undefined) return undefined;
    const promised = JSON.parse(row.promise as string) as Promised;
    if (!accepts(promised)) return undefined;
    this.#database.prepare("DELETE FROM codes WHERE digest = ?").run(digest);
    const expiresAtMs = Number(row.expires_ms);
    return { promised, putBack: () => void this.#insert(digest, { expiresAtMs, promised }) };
  }

  /** The codes that have not expired, those that end first in front. */
  list(wallMs: number): OpenCode[] {
    this.#purge(wallMs);
    const rows = this.#database.prepare("SELECT * FROM codes ORDER BY expires_ms, digest").all();
    return rows.map(({ digest, promise, expires_ms }) => ({
      id: encodeHex((digest as Uint8Array).subarray(0, ID_BYTES)),
      promised: JSON.parse(promise as string) as Promised,
      expiresAtMs: Number(expires_ms),
    }));
  }

  /** Takes a code out for good, by its id; what it was worth, undefined if there is none. */
  remove(id: string, wallMs: number): Promised | undefined {
    this.#purge(wallMs);
    const isIt = `hex(substr(digest, 1, ${ID_BYTES})) = ?`;
    const row = this.#database.prepare(`DELETE FROM codes WHERE ${isIt} RETURNING promise`)
      .get(id.toUpperCase());
    return row === undefined ? undefined : JSON.parse(row.promise as string) as Promised;
  }

  /** Closes the file. */
  close(): void {
    this.#database.close();
  }

  #insert(digest: Uint8Array, { expiresAtMs, promised }: {
    readonly expiresAtMs: number;
    readonly promised: Promised;
  }): boolean {
    const insert = this.#database.prepare("INSERT OR IGNORE INTO codes VALUES (?, ?, ?)");
    return insert.run(digest, expiresAtMs, JSON.stringify(promised)).changes === 1;
  }

  #purge(wallMs: number): void {
    this.#database.prepare("DELETE FROM codes WHERE expires_ms < ?").run(wallMs);
  }

  #digest(code: string): Uint8Array {
    return new Uint8Array(scryptSync(code, Buffer.from(this.#salt), DIGEST_BYTES, SCRYPT));
  }
}

/** SQLite would make the file, and those beside it, as open as the umask allows. */
function makePrivate(path: string): void {
  Deno.openSync(path, { write: true, create: true, mode: 0o600 }).close();
  if (Deno.build.os !== "windows") Deno.chmodSync(path, 0o600);
}
