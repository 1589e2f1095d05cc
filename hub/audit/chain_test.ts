import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { systemClock } from "../../core/clock/mod.ts";
import { inTemporaryFolder } from "../testing/mod.ts";
import { AuditFile } from "./audit_file.ts";
import { chainHash, GENESIS } from "./chain.ts";
import { pendingRecord } from "./entry.ts";
import { AuditReader } from "./reader.ts";
import { pruneStep } from "./retention.ts";

const COUNT = 12;

function fill(path: string): void {
  const file = new AuditFile(path);
  for (let i = 1; i <= COUNT; i++) {
    const entry = { event: "grant", identity: `id-${i}`, machine: "barn", detail: "d" } as const;
    file.append([pendingRecord(entry, 1000 * i)], { isDurable: false });
  }
  file.close();
}

const DROP_TRIGGERS = ["record_order", "record_last", "record_update", "record_delete"]
  .concat("mark_delete", "mark_update")
  .map((name) => `DROP TRIGGER ${name};`).join("");

/** What somebody does who can write to the file, and what is found. */
const TAMPERING: readonly [name: string, sql: string, id: number, what: string][] = [
  ["the identity of a record", "UPDATE record SET identity = 'x' WHERE id = 5", 5, "changed"],
  ["a time", "UPDATE record SET time_ms = time_ms + 1 WHERE id = 5", 5, "changed"],
  ["an event", "UPDATE record SET event = 'request' WHERE id = 1", 1, "changed"],
  ["a result", "UPDATE record SET result = 'failed' WHERE id = 12", 12, "changed"],
  ["a machine", "UPDATE record SET machine = '' WHERE id = 7", 7, "changed"],
  ["a source", "UPDATE record SET source = '192.0.2.1:1' WHERE id = 7", 7, "changed"],
  ["a reason", "UPDATE record SET reason = 'r' WHERE id = 7", 7, "changed"],
  ["a detail", "UPDATE record SET detail = 'e' WHERE id = 7", 7, "changed"],
  ["data", "UPDATE record SET data = '{}' WHERE id = 7", 7, "changed"],
  ["a hash", "UPDATE record SET hash = zeroblob(32) WHERE id = 6", 6, "changed"],
  ["a previous hash", "UPDATE record SET previous = zeroblob(32) WHERE id = 6", 6, "changed"],
  ["one record removed", "DELETE FROM record WHERE id = 6", 6, "removed"],
  ["several removed", "DELETE FROM record WHERE id BETWEEN 3 AND 9", 3, "removed"],
  ["the first removed", "DELETE FROM record WHERE id = 1", 1, "removed"],
  ["the end removed", "DELETE FROM record WHERE id > 10", 11, "removed"],
  ["all removed", "DELETE FROM record", 1, "removed"],
  [
    "the end removed, and the mark moved back",
    "DELETE FROM record WHERE id > 10; UPDATE mark SET id = 10 WHERE name = 'last'",
    10,
    "changed",
  ],
  [
    "the beginning removed as if by retention",
    "UPDATE mark SET id = 4, hash = (SELECT hash FROM record WHERE id = 4) WHERE name = 'removed';" +
    "DELETE FROM record WHERE id <= 4",
    1,
    "removed",
  ],
  [
    "two swapped",
    "UPDATE record SET id = 99 WHERE id = 5; UPDATE record SET id = 5 WHERE id = 6;" +
    "UPDATE record SET id = 6 WHERE id = 99",
    5,
    "reordered",
  ],
  [
    "one removed and the rest renumbered",
    "DELETE FROM record WHERE id = 5; UPDATE record SET id = -id WHERE id > 5;" +
    "UPDATE record SET id = -id - 1 WHERE id < 0",
    5,
    "changed",
  ],
  [
    "one added at the end",
    "INSERT INTO record SELECT 13, time_ms, event, result, identity, machine, source, reason, " +
    "detail, data, previous, hash FROM record WHERE id = 12",
    13,
    "added",
  ],
];

async function verify(path: string) {
  const file = new AuditFile(path);
  try {
    return await new AuditReader({ file }, systemClock).verify();
  } finally {
    file.close();
  }
}

Deno.test("AuditReader.verify() finds nothing wrong with an untouched file, an empty one too", () =>
  inTemporaryFolder(async (dir) => {
    fill(`${dir}/a.db`);
    const found = await verify(`${dir}/a.db`);
    assert.deepEqual([found.records, found.last.id, found.fault], [COUNT, COUNT, undefined]);
    const { records, fault } = await verify(`${dir}/empty.db`);
    assert.deepEqual([records, fault], [0, undefined]);
  }));

for (const [name, sql, id, what] of TAMPERING) {
  Deno.test(`AuditReader.verify() names the first broken record: ${name}`, () =>
    inTemporaryFolder(async (dir) => {
      const path = `${dir}/a.db`;
      fill(path);
      const db = new DatabaseSync(path);
      db.exec(DROP_TRIGGERS);
      db.exec(sql);
      db.close();
      const { fault } = await verify(path);
      assert.deepEqual([fault?.id, fault?.what], [id, what], fault?.text);
      assert.match(fault!.text, new RegExp(`\\b${id}\\b`));
    }));
}

Deno.test("AuditReader.verify() names a record that was changed and hashed anew", () =>
  inTemporaryFolder(async (dir) => {
    const path = `${dir}/a.db`;
    fill(path);
    const file = new AuditFile(path);
    const [record] = file.select({ first: 5, last: 5 }, { limit: 1 });
    file.close();
    const changed = { ...record!, identity: "mallory" };
    const db = new DatabaseSync(path);
    db.exec(DROP_TRIGGERS);
    db.prepare("UPDATE record SET identity = ?, hash = ? WHERE id = 5")
      .run(changed.identity, chainHash(changed.previous, changed));
    db.close();
    const { fault } = await verify(path);
    assert.deepEqual([fault?.id, fault?.what], [5, "changed"]);
  }));

Deno.test("AuditReader.hashOf() tells a chain that was rewritten whole from the one noted", () =>
  inTemporaryFolder((dir) => {
    fill(`${dir}/a.db`);
    const file = new AuditFile(`${dir}/a.db`);
    const reader = new AuditReader({ file }, systemClock);
    assert.deepEqual(reader.hashOf(COUNT), file.last.hash);
    const limits = { maxAgeMs: 1, maxBytes: 0 };
    pruneStep(file, { limits, wallMs: 5001 });
    assert.equal(reader.hashOf(4), undefined, "removed");
    assert.equal(reader.hashOf(99), undefined, "not there yet");
    file.close();
    return Promise.resolve();
  }));

Deno.test("chainHash() is SHA-256 over the previous hash and the JSON array of the fields", async () => {
  const record = { id: 1, ...pendingRecord({ event: "pair", source: "192.0.2.7:1" }, 5) };
  const text = '[1,5,"pair","ok","","","192.0.2.7:1","","",""]';
  const bytes = new Uint8Array([...GENESIS, ...new TextEncoder().encode(text)]);
  const expected = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  assert.deepEqual(new Uint8Array(chainHash(GENESIS, record)), expected);
});
