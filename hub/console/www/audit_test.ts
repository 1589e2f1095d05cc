import assert from "node:assert/strict";
import { AUDIT_EVENTS } from "../../audit/mod.ts";
import { AUDIT_KINDS, auditQuery, auditRows, joinRecords, verification } from "./audit.js";

const ANY = { kind: "all", result: "", identity: "", machine: "" };

const record = (id: number, fields: object = {}) => ({
  id,
  time: "2026-08-01T09:30:00.000Z",
  event: "grant",
  result: "ok",
  ...fields,
});

Deno.test("AUDIT_KINDS cover every event of the hub, each in `all` or as a request", () => {
  const [all, ...others] = AUDIT_KINDS;
  assert.deepEqual([...all.events, "request"].sort(), [...AUDIT_EVENTS].sort());
  assert.deepEqual(others.flatMap(({ events }) => [...events]).sort(), [...AUDIT_EVENTS].sort());
});

Deno.test("auditRows() has words of its own for every event of the hub", () => {
  const labels = auditRows(AUDIT_EVENTS.map((event, i) => record(i, { event }))).map(({ label }) =>
    label
  );
  for (const label of labels) assert.match(label, /^[A-Z]/);
  assert.equal(new Set(labels).size, labels.length);
});

Deno.test("auditRows() shows an event and a result of tomorrow as they are", () => {
  const [row] = auditRows([record(1, { event: "new-event", result: "odd" })]);
  assert.deepEqual([row?.label, row?.result.label], ["new-event", "odd"]);
});

Deno.test("auditRows() joins detail and reason, and leaves out what is absent", () => {
  const [both] = auditRows([record(1, { detail: "GET /", reason: "expired" })]);
  assert.equal(both?.detail, "GET /, expired");
  const [none] = auditRows([record(1)]);
  assert.deepEqual([none?.detail, none?.identity, none?.machine], ["", "", ""]);
});

Deno.test("auditQuery() asks for what is filled in", () => {
  assert.equal(auditQuery({ ...ANY, kind: "requests" }), "event=request");
  const query = auditQuery({
    kind: "management",
    result: "refused",
    identity: " a&b ",
    machine: "",
  }, {
    before: 7,
    limit: 100,
  });
  assert.equal(
    query,
    "event=management%2Cadmin-change&result=refused&identity=a%26b&before=7&limit=100",
  );
});

Deno.test("joinRecords() adds the newest without a gap and without twins", () => {
  const page = (...ids: number[]) => ({
    records: ids.map((id) => record(id)),
    before: ids.at(-1)!,
  });
  const ids = ({ records }: { records: readonly { id: number }[] }) => records.map(({ id }) => id);
  const shown = [5, 4, 3, 2].map((id) => record(id));
  assert.deepEqual(ids(joinRecords(shown, page(6, 5, 4))), [6, 5, 4, 3, 2]);
  assert.deepEqual(ids(joinRecords([], page(6, 5))), [6, 5]);
  assert.deepEqual(ids(joinRecords(shown, { records: [record(6)] })), [6, 5, 4, 3, 2]);
  const parted = joinRecords(shown, page(9, 8));
  assert.deepEqual([ids(parted), parted.isJoined], [[9, 8], false]);
});

Deno.test("verification() names the record at which the chain breaks", () => {
  assert.deepEqual(verification({ ok: true, records: 3 }), {
    isOk: true,
    text: "All 3 records are as they were written",
  });
  const broken = verification({ ok: false, records: 3, fault: { id: 2, text: "it was changed" } });
  assert.deepEqual(broken, { isOk: false, text: "The chain is broken: record 2: it was changed" });
});
