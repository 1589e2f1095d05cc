import assert from "node:assert/strict";
import { systemClock } from "../../core/clock/mod.ts";
import { inTemporaryFolder } from "../testing/mod.ts";
import { AuditFile, type AuditFilter } from "./audit_file.ts";
import type { ChainedRecord } from "./chain.ts";
import { pendingRecord } from "./entry.ts";
import { AuditReader } from "./reader.ts";
import { pruneStep } from "./retention.ts";

const COUNT = 3500;
const EVENTS = ["request", "grant", "session-open"] as const;

async function withRecords(
  test: (reader: AuditReader, file: AuditFile) => Promise<void>,
): Promise<void> {
  await inTemporaryFolder(async (dir) => {
    const file = new AuditFile(`${dir}/a.db`);
    const records = Array.from({ length: COUNT }, (_, i) => {
      const event = EVENTS[i % 3]!;
      const identity = i % 500 === 0 ? "rare" : "usual";
      return pendingRecord({ event, identity, machine: `m${i % 10}` }, i);
    });
    file.append(records, { isDurable: false });
    try {
      await test(new AuditReader({ file }, systemClock), file);
    } finally {
      file.close();
    }
  });
}

const FILTERS: readonly AuditFilter[] = [
  {},
  { events: ["grant"] },
  { events: ["grant", "session-open"], machine: "m4" },
  { identity: "rare" },
  { identity: "nobody" },
  { sinceMs: 1000, untilMs: 1010 },
  { result: "failed" },
];

/** What a filter is to give, by a plain loop. */
function expectedIds({ events, identity, machine, result, sinceMs, untilMs }: AuditFilter) {
  const ids: number[] = [];
  for (let i = COUNT - 1; i >= 0; i--) {
    if (events !== undefined && !events.includes(EVENTS[i % 3]!)) continue;
    if (identity !== undefined && identity !== (i % 500 === 0 ? "rare" : "usual")) continue;
    if (machine !== undefined && machine !== `m${i % 10}`) continue;
    if (result !== undefined && result !== "ok") continue;
    if (sinceMs !== undefined && i < sinceMs) continue;
    if (untilMs !== undefined && i >= untilMs) continue;
    ids.push(i + 1);
  }
  return ids;
}

for (const filter of FILTERS) {
  Deno.test(`AuditReader gives what passes ${JSON.stringify(filter)}, page by page and whole`, () =>
    withRecords(async (reader) => {
      const paged: number[] = [];
      let before: number | undefined = Infinity;
      while (before !== undefined) {
        const page: Awaited<ReturnType<AuditReader["page"]>> = await reader.page({
          filter,
          before,
          limit: 170,
        });
        assert.ok(page.records.length <= 170);
        paged.push(...page.records.map(({ id }) => id));
        before = page.before;
      }
      assert.deepEqual(paged, expectedIds(filter));
      const whole: ChainedRecord[] = [];
      for await (const portion of reader.all(filter)) whole.push(...portion);
      assert.deepEqual(whole.map(({ id }) => id), expectedIds(filter).toReversed());
    }));
}

Deno.test("AuditReader verifies while records come and old ones go", () =>
  withRecords(async (reader, file) => {
    const verified = reader.verify();
    file.append([pendingRecord({ event: "grant" }, COUNT)], { isDurable: false });
    pruneStep(file, { limits: { maxAgeMs: 1, maxBytes: 0 }, wallMs: 2001 });
    const { fault, last } = await verified;
    assert.equal(fault?.text, undefined);
    assert.equal(last.id, COUNT + 2);
  }));

Deno.test("AuditReader says so when there is no file", async () => {
  const reader = new AuditReader({ file: undefined }, systemClock);
  await assert.rejects(reader.verify(), /cannot be opened/);
  await assert.rejects(reader.page({ limit: 1 }), /cannot be opened/);
});
