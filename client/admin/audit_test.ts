import assert from "node:assert/strict";
import { admin, json } from "./_fixture.ts";

const HASH = "ab".repeat(32);
const RECORD = {
  id: 12,
  time: "2026-08-01T09:00:00.000Z",
  event: "grant",
  result: "refused",
  identity: "alice",
  machine: "barn",
  source: "192.0.2.7:4711",
  reason: "stale",
  detail: "connect\u001b[31m",
  previous: HASH,
  hash: HASH,
};
const START = { id: 9, time: "2026-08-01T08:00:00.000Z", event: "hub-start", result: "ok" };

Deno.test("admin audit list shows records in a table, and as the hub sent them", async () => {
  const at = "GET /api/admin/audit?limit=100";
  const answer = { records: [RECORD, START], before: 9 };
  const table = await admin(["audit", "list"], { [at]: json(answer) });
  assert.equal(
    table.out,
    "ID  TIME                      EVENT      RESULT   IDENTITY  MACHINE  SOURCE          DETAIL\n" +
      "12  2026-08-01T09:00:00.000Z  grant      refused  alice     barn     192.0.2.7:4711  stale: connect [31m\n" +
      " 9  2026-08-01T08:00:00.000Z  hub-start  ok       -         -        -               -\n",
  );
  const raw = await admin(["audit", "list", "-json"], { [at]: json(answer) });
  assert.deepEqual(JSON.parse(raw.out), answer);
  const none = await admin(["audit", "list"], { [at]: json({ records: [] }) });
  assert.deepEqual([none.code, none.out, none.err], [0, "No records.\n", ""]);
});

Deno.test("admin audit list sends filters, page and number", async () => {
  const line = "audit list -n 5 -before 12 -event grant,pair -identity a&b -machine * " +
    "-result ok -since 2026-08-01 -until 2026-08-02T00:00:00+02:00";
  const { requests } = await admin(line.split(" "), {});
  const { searchParams } = new URL(requests[0]!.at.split(" ")[1]!, "http://hub");
  assert.deepEqual(Object.fromEntries(searchParams), {
    event: "grant,pair",
    identity: "a&b",
    machine: "*",
    result: "ok",
    since: "2026-08-01",
    until: "2026-08-02T00:00:00+02:00",
    limit: "5",
    before: "12",
  });
});

Deno.test("admin audit list warns when the hub cannot write records", async () => {
  const { code, err } = await admin(["audit", "list"], {
    "GET /api/admin/audit?limit=100": json({
      records: [START],
      auditDegraded: { fault: "full", waiting: 3, lost: 0 },
    }),
  });
  assert.deepEqual([code, err], [0, "warning: the hub cannot write records: full\n"]);
});

const VERIFY = "GET /api/admin/audit/verify";
const WHOLE = {
  ok: true,
  records: 12,
  removed: { id: 0, hash: "00" },
  last: { id: 12, hash: HASH },
};

Deno.test("admin audit verify prints what to note, and compares with what was noted", async () => {
  const whole = await admin(["audit", "verify"], { [VERIFY]: json(WHOLE) });
  assert.deepEqual([whole.code, whole.out], [0, `records: 12\nlast: 12 ${HASH}\n`]);
  const line = ["audit", "verify", "-id", "12", "-hash", HASH];
  const at = `${VERIFY}?id=12&hash=${HASH}`;
  const same = await admin(line, { [at]: json({ ...WHOLE, noted: "same" }) });
  assert.deepEqual([same.code, same.err], [0, ""]);
  const gone = await admin(line, { [at]: json({ ...WHOLE, noted: "removed" }) });
  assert.equal(gone.code, 0);
  assert.match(gone.err, /record 12 is gone/);
  const other = await admin(line, { [at]: json({ ...WHOLE, ok: false, noted: "different" }) });
  assert.deepEqual([other.code, other.out], [1, ""]);
  assert.equal(other.err, "Error: record 12 is not the one that was noted\n");
});

Deno.test("admin audit verify names the first record that is wrong, and exits with 1", async () => {
  const fault = { id: 7, what: "changed", text: "record 7 was changed" };
  const broken = { ...WHOLE, ok: false, fault };
  const told = await admin(["audit", "verify"], { [VERIFY]: json(broken) });
  assert.deepEqual([told.code, told.out], [1, ""]);
  assert.equal(told.err, "Error: record 7 is the first that is wrong: record 7 was changed\n");
  const raw = await admin(["audit", "verify", "-json"], { [VERIFY]: json(broken) });
  assert.equal(raw.code, 1);
  assert.deepEqual(JSON.parse(raw.out), broken);
  const odd = await admin(["audit", "verify"], { [VERIFY]: json({ records: 1 }) });
  assert.equal(odd.code, 1, "what is not said to be whole is not");
});

Deno.test("admin audit export prints the hub's lines as they come", async () => {
  const lines = [`{"id":1,"detail":"é"}\n`, `{"id":2}\n`];
  const bytes = new TextEncoder().encode(lines.join(""));
  // Parted inside a character.
  const body = ReadableStream.from([bytes.slice(0, 18), bytes.slice(18)]);
  const { code, out } = await admin(["audit", "export", "-event", "grant"], {
    "GET /api/admin/audit/export?event=grant": new Response(body),
  });
  assert.deepEqual([code, out], [0, lines.join("")]);
});

Deno.test("admin audit export that breaks off is an error, not a short export", async () => {
  const broken = new ReadableStream({
    start: (controller) => controller.enqueue(new TextEncoder().encode('{"id":1}\n')),
    pull: (controller) => controller.error(new TypeError("connection reset")),
  });
  const { code, err } = await admin(["audit", "export"], {
    "GET /api/admin/audit/export": new Response(broken),
  });
  assert.equal(code, 1);
  assert.match(err, /connection reset/);
});

const MALFORMED = [
  "list -since yesterday",
  "list -until 2026-13-01",
  "list -result bad",
  "list -n 1001",
  "list -before 0",
  "verify -id 1",
  "verify -id 1 -hash 12",
  "export -since 1",
];

for (const line of MALFORMED) {
  Deno.test(`admin audit ${line} is refused before anything is sent`, async () => {
    const { code, out, requests } = await admin(["audit", ...line.split(" ")], {});
    assert.deepEqual([code, out, requests], [2, "", []]);
  });
}
