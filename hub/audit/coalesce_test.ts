import assert from "node:assert/strict";
import { ManualClock } from "../../core/clock/mod.ts";
import { CoalescingAudit } from "./coalesce.ts";
import type { AuditEntry } from "./record.ts";

function setUp() {
  const clock = new ManualClock();
  const passed: AuditEntry[] = [];
  const audit = new CoalescingAudit({ record: (entry) => void passed.push(entry) }, clock);
  return { clock, passed, audit };
}

const wrongToken = (port: number, host = "192.0.2.7"): AuditEntry => ({
  event: "auth-failure",
  result: "refused",
  source: `${host}:${port}`,
  detail: "GET /api/status",
});

Deno.test("CoalescingAudit tells a thousand wrong tokens of one address in two records", () => {
  const { clock, passed, audit } = setUp();
  for (let i = 0; i < 1000; i++) audit.record(wrongToken(40_000 + i));
  assert.deepEqual(passed, [wrongToken(40_000)], "the first at once");
  clock.advance(60_000);
  assert.deepEqual(passed.slice(1), [{ ...wrongToken(40_000), data: { repeats: 999 } }]);
  audit.record(wrongToken(1));
  assert.equal(passed.length, 3, "a new window begins");
  clock.advance(60_000);
  assert.equal(passed.length, 3, "what came once is told once");
  assert.equal(clock.nextTimerMs(), Infinity);
});

Deno.test("CoalescingAudit keeps different things and addresses apart", () => {
  const { passed, audit } = setUp();
  const entries = [
    wrongToken(1),
    wrongToken(1, "192.0.2.8"),
    { ...wrongToken(1), detail: "GET /api/history" },
    { ...wrongToken(1), event: "denial" } as const,
    { ...wrongToken(1), identity: "alice" },
    { ...wrongToken(1), machine: "barn" },
  ];
  for (const entry of entries) audit.record(entry);
  assert.deepEqual(passed, entries);
});

Deno.test("CoalescingAudit keeps addresses apart that a proxy names, which have no port", () => {
  const { passed, audit } = setUp();
  const sources = ["192.0.2.7", "192.0.2.8", "2001:db8::1", "2001:db8::2", "[2001:db8::3]:1"];
  for (const source of sources) {
    for (let i = 0; i < 2; i++) audit.record({ ...wrongToken(1), source });
  }
  audit.record({ ...wrongToken(1), source: "[2001:db8::3]:2" });
  assert.deepEqual(passed.map(({ source }) => source), sources);
});

Deno.test("CoalescingAudit never holds back what changed or was done", () => {
  const { passed, audit } = setUp();
  const entries: AuditEntry[] = [
    { event: "grant" },
    { event: "session-open" },
    { event: "register" },
    { event: "request", data: { method: "POST", status: 200 } },
  ];
  for (const entry of entries) for (let i = 0; i < 3; i++) audit.record(entry);
  assert.equal(passed.length, 12);
});

Deno.test("CoalescingAudit lets nobody fill the store by asking for different things", () => {
  const { clock, passed, audit } = setUp();
  const probe = (i: number, host: string): AuditEntry => ({
    ...wrongToken(i, host),
    event: "denial",
    machine: `m${i}`,
  });
  for (let i = 0; i < 10_000; i++) audit.record(probe(i, "192.0.2.7"));
  assert.equal(passed.length, 33, "32 kinds, and all others as one");
  for (let i = 0; i < 50_000; i++) audit.record(probe(i, `198.51.${i % 200}.${i % 7}`));
  assert.ok(passed.length < 600, `${passed.length}`);
  audit.record({ event: "denial", source: "203.0.113.1:1", machine: "barn", reason: "x" });
  clock.advance(60_000);
  const total = passed.reduce((sum, { data }) => sum + Number(data?.repeats ?? 1), 0);
  assert.ok(passed.length < 1200 && total >= 60_001, `${passed.length} records of ${total}`);
  const [other] = passed.filter(({ reason }) => reason === "of many kinds");
  assert.equal(other!.machine, undefined, "does not speak for one machine");
});
