import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { systemClock } from "../../core/clock/mod.ts";
import { createLog } from "../../core/log/mod.ts";
import { AuditReader, AuditStore } from "../audit/mod.ts";
import { HubRig, inTemporaryFolder, type RigResponse } from "../testing/mod.ts";
import { auth } from "./_fixture.ts";

interface Rig {
  readonly store: AuditStore;
  readonly path: string;
  /** Sends a request, as the owner unless another token is given. */
  readonly ask: (
    path: string,
    options?: { token?: string; method?: string },
  ) => Promise<RigResponse>;
}

/** A store with 250 records of three kinds behind the routes. */
function withRoutes(test: (rig: Rig) => Promise<void>): Promise<void> {
  return inTemporaryFolder(async (dir) => {
    const path = `${dir}/a.db`;
    const log = createLog({ component: "audit", clock: systemClock, write: () => {} });
    const limits = { maxAgeMs: 0, maxBytes: 0 };
    const store = new AuditStore({ path, limits, clock: systemClock, log });
    for (let i = 0; i < 250; i++) {
      const event = (["request", "grant", "register"] as const)[i % 3]!;
      store.record({ event, identity: `id-${i % 5}`, machine: "barn", source: "192.0.2.7:1" });
    }
    const reader = new AuditReader(store, systemClock);
    const hub = new HubRig(auth(), { records: { reader, state: () => store.state } });
    const ask: Rig["ask"] = (path, { token = "owner-token", method = "GET" } = {}) =>
      hub.ask(`${method} ${path}`, { token, headers: { origin: "https://c.example" } });
    try {
      await test({ store, path, ask });
    } finally {
      store.close();
      hub.close();
    }
  });
}

const PATHS = ["/api/admin/audit", "/api/admin/audit/verify", "/api/admin/audit/export"];

Deno.test("the audit is for owners and admins, by GET alone (hub 12, 14, 61)", () =>
  withRoutes(async ({ ask }) => {
    for (const path of PATHS) {
      for (const token of ["", "x", "viewer-token", "alice-token"]) {
        const refused = await ask(path, { token });
        assert.equal(refused.status, 403);
        assert.deepEqual(refused.body, { error: "forbidden" });
      }
      for (const token of ["owner-token", "admin-token"]) {
        const response = await ask(path, { token });
        assert.equal(response.status, 200);
        assert.equal(response.headers.get("access-control-allow-origin"), "https://c.example");
      }
      const posted = await ask(path, { method: "POST" });
      assert.equal(posted.status, 405);
    }
  }));

Deno.test("/api/admin/audit gives pages of what passes, newest first", () =>
  withRoutes(async ({ ask }) => {
    const first = (await ask("/api/admin/audit")).body;
    assert.equal(first.records.length, 100);
    assert.equal(first.before, 151);
    assert.deepEqual(Object.keys(first.records[0]).sort(), [
      "event",
      "hash",
      "id",
      "identity",
      "machine",
      "previous",
      "result",
      "source",
      "time",
    ]);
    assert.match(first.records[0].time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    const rest = (await ask(`/api/admin/audit?before=151&limit=1000`)).body;
    assert.deepEqual([rest.records.length, rest.before], [150, undefined]);
    const some = (await ask("/api/admin/audit?event=grant,register&identity=id-1")).body;
    assert.ok(some.records.length > 20);
    for (const { event, identity } of some.records) {
      assert.ok(["grant", "register"].includes(event) && identity === "id-1");
    }
    const late = (await ask("/api/admin/audit?since=2999-01-01")).body;
    assert.deepEqual(late, { records: [] });
  }));

const BAD_QUERIES: readonly [string, RegExp][] = [
  ["?limit=0", /limit must be a whole number above 0: 0/],
  ["?before=x", /before must be/],
  ["?event=granted", /event must be one of .*grant.*: granted/],
  ["?since=yesterday", /since must be a time as .*: yesterday/],
  ["?until=2026-99-99", /until must be/],
  ["/verify?id=1", /id and hash must be given together/],
  ["/export?event=", /event must be one of/],
];

for (const [query, error] of BAD_QUERIES) {
  Deno.test(`/api/admin/audit${query} is refused with what is wrong`, () =>
    withRoutes(async ({ ask }) => {
      const response = await ask(`/api/admin/audit${query}`);
      assert.equal(response.status, 400);
      assert.match(response.body.error, error);
    }));
}

Deno.test("/api/admin/audit/verify tells whether all is well, and compares with what was noted", () =>
  withRoutes(async ({ ask, path }) => {
    const verify = async (query = "") => (await ask(`/api/admin/audit/verify${query}`)).body;
    const { ok, records, last, fault } = await verify();
    assert.deepEqual([ok, records, last.id, fault], [true, 250, 250, undefined]);
    assert.equal((await verify(`?id=250&hash=${last.hash.toUpperCase()}`)).noted, "same");
    const other = await verify(`?id=250&hash=${"0".repeat(64)}`);
    assert.deepEqual([other.ok, other.noted], [false, "different"]);
    assert.equal((await verify(`?id=999&hash=${last.hash}`)).noted, "removed");
    const db = new DatabaseSync(path);
    db.exec("DROP TRIGGER record_update; UPDATE record SET identity = 'x' WHERE id = 42");
    db.close();
    const broken = await verify();
    assert.equal(broken.ok, false);
    assert.deepEqual(broken.fault, { id: 42, what: "changed", text: "record 42 was changed" });
  }));

Deno.test("/api/admin/audit/export streams JSON lines, oldest first", () =>
  withRoutes(async ({ ask }) => {
    const response = await ask("/api/admin/audit/export");
    assert.equal(response.headers.get("content-type"), "application/x-ndjson");
    const lines = response.body.trimEnd().split("\n").map((line: string) => JSON.parse(line));
    assert.deepEqual(
      lines.map(({ id }: { id: number }) => id),
      Array.from({ length: 250 }, (_, i) => i + 1),
    );
    const some = (await ask("/api/admin/audit/export?event=grant")).body;
    assert.equal(some.trimEnd().split("\n").length, 83);
    assert.equal((await ask("/api/admin/audit/export?identity=nobody")).body, "");
  }));

Deno.test("the audit routes say so when the file cannot be read", () =>
  withRoutes(async ({ ask, store }) => {
    store.close();
    for (const path of PATHS.slice(0, 2)) {
      const response = await ask(path);
      assert.equal(response.status, 503);
      assert.match(response.body.error, /audit cannot be read/);
    }
  }));
