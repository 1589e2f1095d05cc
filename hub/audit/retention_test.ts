import assert from "node:assert/strict";
import fc from "fast-check";
import { systemClock } from "../../core/clock/mod.ts";
import { inTemporaryFolder } from "../testing/mod.ts";
import { AuditFile } from "./audit_file.ts";
import { pendingRecord } from "./entry.ts";
import { AuditReader } from "./reader.ts";
import { pruneStep } from "./retention.ts";

const SEED = 4711;

const step = fc.oneof(
  fc.record({ kind: fc.constant("append" as const), count: fc.integer({ min: 1, max: 40 }) }),
  fc.record({ kind: fc.constant("wait" as const), ms: fc.integer({ min: 0, max: 500 }) }),
  fc.record({
    kind: fc.constant("prune" as const),
    maxAgeMs: fc.integer({ min: 0, max: 800 }),
    maxBytes: fc.constantFrom(0, 0, 40_000),
    stepRecords: fc.integer({ min: 2, max: 60 }),
  }),
  fc.record({ kind: fc.constant("reopen" as const) }),
);

Deno.test(`pruneStep() leaves a chain that verifies, and what is not over the limits (seed ${SEED})`, () =>
  inTemporaryFolder(async (dir) => {
    let files = 0;
    let removals = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (steps) => {
        const path = `${dir}/${++files}.db`;
        let file = new AuditFile(path);
        let wallMs = 1000;
        for (const action of steps) {
          if (action.kind === "append") {
            const made = Array.from(
              { length: action.count },
              () => pendingRecord({ event: "request", detail: "x".repeat(200) }, wallMs),
            );
            file.append(made, { isDurable: false });
          } else if (action.kind === "wait") {
            wallMs += action.ms;
          } else if (action.kind === "reopen") {
            file.close();
            file = new AuditFile(path);
          } else {
            const { maxAgeMs, maxBytes, stepRecords } = action;
            const before = file.oldest(1e6);
            const limits = { maxAgeMs, maxBytes };
            const isTooLarge = maxBytes > 0 && file.usedBytes > maxBytes;
            while (pruneStep(file, { limits, wallMs, stepRecords }));
            const kept = file.oldest(1e6);
            const ids = new Set(kept.map(({ id }) => id));
            const gone = before.filter(({ id }) => !ids.has(id));
            if (gone.length > 0) removals++;
            if (!isTooLarge) {
              const over = (timeMs: number) => maxAgeMs > 0 && timeMs < wallMs - maxAgeMs;
              assert.ok(gone.every(({ timeMs }) => over(timeMs)), "only old ones go");
              assert.ok(
                kept.length === 1 || kept.every(({ timeMs }) => !over(timeMs)),
                "all of them go",
              );
            }
            assert.deepEqual(kept.map(({ id }) => id), kept.map((_, i) => kept[0]!.id + i));
          }
        }
        const { fault } = await new AuditReader({ file }, systemClock).verify();
        file.close();
        assert.equal(fault?.text, undefined);
      }),
      { seed: SEED, numRuns: 60 },
    );
    assert.ok(removals > 20, `too tame: ${removals} removals`);
  }));

Deno.test("pruneStep() records what it removed and why, and gets below the size", () =>
  inTemporaryFolder((dir) => {
    const file = new AuditFile(`${dir}/a.db`);
    const many = Array.from(
      { length: 3000 },
      () => pendingRecord({ event: "request", detail: "x".repeat(500) }, 1),
    );
    file.append(many, { isDurable: false });
    const limits = { maxAgeMs: 0, maxBytes: 500_000 };
    while (pruneStep(file, { limits, wallMs: 2, stepRecords: 100 }));
    assert.ok(file.usedBytes <= 500_000, `${file.usedBytes}`);
    const [newest] = file.select({ first: 1, last: 1e9 }, { limit: 1 });
    assert.deepEqual([newest!.event, newest!.reason], ["retention", "size"]);
    assert.equal(JSON.parse(newest!.data).upTo, file.removed.id);
    file.close();
    return Promise.resolve();
  }));

Deno.test("AuditReader.verify() finds records removed behind the back of retention", () =>
  inTemporaryFolder(async (dir) => {
    const file = new AuditFile(`${dir}/a.db`);
    for (let i = 0; i < 20; i++) {
      file.append([pendingRecord({ event: "grant" }, i)], { isDurable: false });
    }
    pruneStep(file, { limits: { maxAgeMs: 10, maxBytes: 0 }, wallMs: 15 });
    assert.equal(file.removed.id, 5);
    const reader = new AuditReader({ file }, systemClock);
    assert.equal((await reader.verify()).fault, undefined);
    // The mark may move forward, but no record of the chain vouches for that.
    const { DatabaseSync } = await import("node:sqlite");
    const db = new DatabaseSync(`${dir}/a.db`);
    db.exec(`UPDATE mark SET id = 8, hash = (SELECT hash FROM record WHERE id = 8)
      WHERE name = 'removed'; DELETE FROM record WHERE id <= 8`);
    db.close();
    const { fault } = await reader.verify();
    assert.deepEqual([fault?.id, fault?.what], [1, "removed"]);
    file.close();
  }));
