import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { inTemporaryFolder } from "../testing/mod.ts";
import { AuditFile, AuditSchemaError } from "./audit_file.ts";
import { pendingRecord } from "./entry.ts";

const records = (count: number) =>
  Array.from({ length: count }, (_, i) => pendingRecord({ event: "grant", detail: `${i}` }, i));

/** Statements that would break the chain by mistake. */
const MISTAKES = [
  "UPDATE record SET identity = 'x' WHERE id = 2",
  "DELETE FROM record WHERE id = 2",
  "DELETE FROM record",
  "INSERT OR REPLACE INTO record SELECT * FROM record WHERE id = 2",
  "INSERT INTO record SELECT 9, time_ms, event, result, identity, machine, source, reason, " +
  "detail, data, previous, hash FROM record WHERE id = 3",
  "UPDATE mark SET id = 1 WHERE name = 'last'",
  "DELETE FROM mark",
];

for (const sql of MISTAKES) {
  Deno.test(`AuditFile refuses ${sql.slice(0, 60)}`, () =>
    inTemporaryFolder((dir) => {
      const file = new AuditFile(`${dir}/a.db`);
      file.append(records(3), { isDurable: true });
      const db = new DatabaseSync(`${dir}/a.db`);
      assert.throws(() => db.exec(sql), /audit: /);
      db.close();
      assert.equal(file.select({ first: 1, last: 9 }, { limit: 9 }).length, 3);
      file.close();
      return Promise.resolve();
    }));
}

Deno.test(
  "AuditFile is readable by its user alone",
  { ignore: Deno.build.os === "windows" },
  () =>
    inTemporaryFolder((dir) => {
      const file = new AuditFile(`${dir}/a.db`);
      file.append(records(1), { isDurable: false });
      for (const suffix of ["", "-wal", "-shm"]) {
        assert.equal(Deno.statSync(`${dir}/a.db${suffix}`).mode! & 0o777, 0o600, suffix);
      }
      file.close();
      return Promise.resolve();
    }),
);

Deno.test("AuditFile keeps its records, and two that write to one file do not break the chain", () =>
  inTemporaryFolder((dir) => {
    const [first, second] = [new AuditFile(`${dir}/a.db`), new AuditFile(`${dir}/a.db`)];
    for (const file of [first, second, first]) file.append(records(2), { isDurable: false });
    first.close();
    second.close();
    const again = new AuditFile(`${dir}/a.db`);
    const ids = again.select({ first: 1, last: 99 }, { limit: 99, oldestFirst: true });
    assert.deepEqual(ids.map(({ id }) => id), [1, 2, 3, 4, 5, 6]);
    ids.slice(1).forEach(({ previous }, i) => assert.deepEqual(previous, ids[i]!.hash));
    again.close();
    return Promise.resolve();
  }));

Deno.test("AuditFile does not touch the file of a later version", () =>
  inTemporaryFolder((dir) => {
    new AuditFile(`${dir}/a.db`).close();
    const db = new DatabaseSync(`${dir}/a.db`);
    db.exec("PRAGMA user_version = 99");
    db.close();
    assert.throws(() => new AuditFile(`${dir}/a.db`), AuditSchemaError);
    return Promise.resolve();
  }));

Deno.test("AuditFile.append() writes all records of a call or none", () =>
  inTemporaryFolder((dir) => {
    const file = new AuditFile(`${dir}/a.db`);
    const [good, bad] = records(2);
    const broken = [good!, { ...bad!, detail: undefined as unknown as string }];
    assert.throws(() => file.append(broken, { isDurable: false }));
    assert.equal(file.last.id, 0);
    file.append([good!], { isDurable: false });
    assert.equal(file.last.id, 1);
    file.close();
    return Promise.resolve();
  }));
