import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { ManualClock, systemClock } from "../../core/clock/mod.ts";
import { createLog } from "../../core/log/mod.ts";
import { inTemporaryFolder } from "../testing/mod.ts";
import { AuditFile } from "./audit_file.ts";
import { AuditStore, type AuditStoreOptions } from "./audit_store.ts";
import { AuditReader } from "./reader.ts";
import type { AuditEntry } from "./record.ts";

const GRANT: AuditEntry = { event: "grant", identity: "owner", machine: "barn", detail: "alice" };
const REQUEST: AuditEntry = { event: "request", source: "192.0.2.7:1", detail: "GET /" };

/** A store with a manual clock, and what it logs. */
function setUp(path: string, options: Partial<AuditStoreOptions> = {}) {
  const clock = new ManualClock();
  const lines: string[] = [];
  const log = createLog({ component: "audit", clock, write: (line) => void lines.push(line) });
  const limits = { maxAgeMs: 0, maxBytes: 0 };
  const store = new AuditStore({ path, limits, clock, log, ...options });
  return { store, clock, lines };
}

/** The events in the file, oldest first, as another process sees them. */
function eventsIn(path: string): string[] {
  const db = new DatabaseSync(path, { readOnly: true });
  const events = db.prepare("SELECT event FROM record ORDER BY id").all().map(({ event }) => event);
  db.close();
  return events as string[];
}

function matching(lines: readonly string[], pattern: RegExp): number {
  return lines.filter((line) => pattern.test(line)).length;
}

async function assertVerifies(path: string): Promise<void> {
  const file = new AuditFile(path);
  const { fault } = await new AuditReader({ file }, systemClock).verify();
  file.close();
  assert.equal(fault?.text, undefined);
}

Deno.test("AuditStore writes a change before record() returns, the rest a little later", () =>
  inTemporaryFolder(async (dir) => {
    const path = `${dir}/new/a.db`;
    const { store, clock, lines } = setUp(path);
    store.record(REQUEST);
    assert.deepEqual(eventsIn(path), []);
    assert.equal(store.state.waiting, 1);
    clock.advance(10);
    assert.deepEqual(eventsIn(path), ["request"]);
    store.record(REQUEST);
    store.record(GRANT);
    assert.deepEqual(eventsIn(path), ["request", "request", "grant"], "in order");
    store.record(REQUEST);
    store.close();
    assert.deepEqual(eventsIn(path).length, 4, "close() writes what waits");
    assert.deepEqual(lines, []);
    assert.equal(clock.nextTimerMs(), Infinity, "no timer is left");
    await assertVerifies(path);
  }));

Deno.test("AuditStore writes many entries of one time in one go, in batches", () =>
  inTemporaryFolder((dir) => {
    const sizes: number[] = [];
    class Counting extends AuditFile {
      override append(...[records, options]: Parameters<AuditFile["append"]>): void {
        sizes.push(records.length);
        super.append(records, options);
      }
    }
    const { store, clock } = setUp(`${dir}/a.db`, { open: (path) => new Counting(path) });
    for (let i = 0; i < 600; i++) store.record(REQUEST);
    clock.advance(10);
    assert.deepEqual(sizes, [250, 250, 100]);
    store.close();
    return Promise.resolve();
  }));

Deno.test("AuditStore waits for a locked file, says so, and loses nothing", () =>
  inTemporaryFolder(async (dir) => {
    const path = `${dir}/a.db`;
    const { store, clock, lines } = setUp(path);
    const other = new DatabaseSync(path);
    other.exec("BEGIN IMMEDIATE");
    store.record(REQUEST);
    store.record(GRANT);
    assert.equal(store.state.fault, "locked");
    assert.equal(matching(lines, /DEGRADED: cannot write .*locked/), 1);
    assert.equal(matching(lines, /record waits .*grant, identity "owner", machine "barn"/), 1);
    store.record({ ...GRANT, machine: "shed" });
    assert.equal(matching(lines, /record waits .*"shed"/), 1, "each change is told");
    clock.advance(10_000);
    assert.equal(matching(lines, /DEGRADED/), 1, "once, not at every try");
    other.exec("ROLLBACK");
    other.close();
    clock.advance(30_000);
    assert.equal(store.state.fault, undefined);
    assert.equal(matching(lines, /well again/), 1);
    assert.deepEqual(eventsIn(path), ["request", "grant", "grant"]);
    store.close();
    await assertVerifies(path);
  }));

Deno.test("AuditStore bounds what waits, keeps changes longest, and the chain tells of the loss", () =>
  inTemporaryFolder(async (dir) => {
    const path = `${dir}/a.db`;
    let isFull = false;
    class Filling extends AuditFile {
      override append(...[records, options]: Parameters<AuditFile["append"]>): void {
        if (isFull) {
          throw Object.assign(new Error("database or disk is full"), { code: "ERR_SQLITE_ERROR" });
        }
        super.append(records, options);
      }
    }
    const open = (path: string) => new Filling(path);
    const { store, clock, lines } = setUp(path, { open, maxWaiting: 10 });
    isFull = true;
    for (let i = 0; i < 100; i++) store.record(REQUEST);
    for (let i = 0; i < 20; i++) store.record(GRANT);
    clock.advance(60_000);
    const { fault, waiting, lost } = store.state;
    assert.deepEqual([fault, waiting, lost], ["full", 31, 90], "10, 20 and the gap that says so");
    assert.equal(matching(lines, /DEGRADED: cannot write .*full; make room on the disk/), 1);
    assert.equal(store.file?.last.id, 0, "what is there can still be read");
    isFull = false;
    clock.advance(60_000);
    assert.equal(store.state.fault, undefined);
    const events = eventsIn(path);
    assert.equal(events.filter((event) => event === "grant").length, 20, "no grant is lost");
    assert.equal(events.filter((event) => event === "gap").length, 1);
    const reader = new AuditReader(store, systemClock);
    const { records } = await reader.page({ filter: { events: ["gap"] }, limit: 9 });
    assert.deepEqual(JSON.parse(records[0]!.data), { lost: 90 });
    store.close();
    await assertVerifies(path);
  }));

Deno.test("AuditStore tells the log of changes that it cannot even hold", () =>
  inTemporaryFolder((dir) => {
    const { store, lines } = setUp(`${dir}/a.db`);
    store.close();
    store.record(GRANT);
    store.record(REQUEST);
    assert.equal(matching(lines, /record was lost: grant/), 1);
    assert.equal(store.state.lost, 2);
    return Promise.resolve();
  }));

Deno.test("AuditStore starts without a file that it may not make, and makes it later", () =>
  inTemporaryFolder(async (dir) => {
    await Deno.writeTextFile(`${dir}/data`, "a file where a folder is to be");
    const path = `${dir}/data/a.db`;
    const { store, clock, lines } = setUp(path);
    assert.equal(store.state.fault, "unwritable");
    assert.equal(matching(lines, /DEGRADED: cannot write/), 1);
    store.record(GRANT);
    await Deno.remove(`${dir}/data`);
    clock.advance(60_000);
    assert.equal(store.state.fault, undefined);
    assert.deepEqual(eventsIn(path), ["grant"]);
    store.close();
  }));

const DAMAGES: readonly [name: string, damage: (path: string) => void][] = [
  ["is no database", (path) => Deno.writeTextFileSync(path, "not a database at all ".repeat(500))],
  ["was cut", (path) => Deno.truncateSync(path, 5000)],
  ["has another schema", (path) => {
    const db = new DatabaseSync(path);
    db.exec("DROP TABLE mark");
    db.close();
  }],
  ["was overwritten in the middle", (path) => {
    using file = Deno.openSync(path, { write: true });
    file.seekSync(4096, Deno.SeekMode.Start);
    file.writeSync(new Uint8Array(40_000).fill(0xa5));
  }],
];

for (const [name, damage] of DAMAGES) {
  Deno.test(`AuditStore puts a file aside that ${name}, and goes on`, () =>
    inTemporaryFolder(async (dir) => {
      const path = `${dir}/a.db`;
      const before = setUp(path);
      before.store.record(GRANT);
      before.store.close();
      damage(path);
      const { store, lines } = setUp(path);
      store.record(GRANT);
      assert.deepEqual(eventsIn(path), ["reset", "grant"]);
      assert.equal(store.state.fault, undefined);
      assert.equal(store.state.putAside, 1);
      assert.equal(matching(lines, /a\.db is damaged .*it is now .*a\.db\.damaged-\d+T\d+Z/), 1);
      const names = [...Deno.readDirSync(dir)].map(({ name }) => name);
      assert.ok(names.some((name) => /^a\.db\.damaged-/.test(name)), "kept to be looked at");
      store.close();
      await assertVerifies(path);
    }));
}

Deno.test("AuditStore puts a file aside that is damaged while it is open", () =>
  inTemporaryFolder((dir) => {
    const path = `${dir}/a.db`;
    const { store, clock } = setUp(path);
    store.record(GRANT);
    const db = new DatabaseSync(path);
    db.exec("DROP TRIGGER mark_delete; DELETE FROM mark");
    db.close();
    store.record(REQUEST);
    clock.advance(10);
    assert.deepEqual(eventsIn(path), ["reset", "request"]);
    store.close();
    return Promise.resolve();
  }));

Deno.test("AuditStore leaves the file of a later version alone", () =>
  inTemporaryFolder((dir) => {
    const path = `${dir}/a.db`;
    new AuditFile(path).close();
    const db = new DatabaseSync(path);
    db.exec("PRAGMA user_version = 99");
    db.close();
    const { store, lines } = setUp(path);
    assert.equal(store.state.fault, "unwritable");
    assert.equal(matching(lines, /the file has schema 99, this program knows 1/), 1);
    store.close();
    return Promise.resolve();
  }));

Deno.test("AuditStore removes records that are over age by itself, bit by bit", () =>
  inTemporaryFolder((dir) => {
    const { store, clock } = setUp(`${dir}/a.db`, { limits: { maxAgeMs: 3_600_000, maxBytes: 0 } });
    for (let i = 0; i < 5000; i++) store.record(REQUEST);
    clock.advance(1000);
    assert.equal(store.state.written, 5000);
    clock.advance(2 * 3_600_000);
    assert.equal(store.file!.removed.id, 5000);
    store.close();
    return Promise.resolve();
  }));

Deno.test("AuditStore puts a damaged file aside as soon as it may", () =>
  inTemporaryFolder(async (dir) => {
    const path = `${dir}/a.db`;
    let isAllowed = false;
    const renameSync = Deno.renameSync;
    Deno.renameSync = (from, to) => {
      if (!isAllowed) throw new Deno.errors.PermissionDenied("rename");
      renameSync(from, to);
    };
    try {
      await Deno.writeTextFile(path, "not a database at all ".repeat(500));
      const { store, clock, lines } = setUp(path);
      store.record(GRANT);
      assert.equal(store.state.fault, "damaged");
      assert.equal(matching(lines, /cannot put the damaged .*a\.db aside: rename/), 1);
      isAllowed = true;
      clock.advance(60_000);
      assert.equal(store.state.fault, undefined);
      assert.deepEqual(eventsIn(path), ["reset", "grant"]);
      store.close();
    } finally {
      Deno.renameSync = renameSync;
    }
  }));
