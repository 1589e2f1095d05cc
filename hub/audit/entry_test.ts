import assert from "node:assert/strict";
import { systemClock } from "../../core/clock/mod.ts";
import { inTemporaryFolder } from "../testing/mod.ts";
import { AuditFile } from "./audit_file.ts";
import { pendingRecord } from "./entry.ts";
import { AuditReader } from "./reader.ts";

Deno.test("pendingRecord() fills what is not given, and takes whole milliseconds", () => {
  assert.deepEqual(pendingRecord({ event: "pair", data: { n: 1 } }, 12.4), {
    timeMs: 12,
    event: "pair",
    result: "ok",
    identity: "",
    machine: "",
    source: "",
    reason: "",
    detail: "",
    data: '{"n":1}',
  });
});

Deno.test("pendingRecord() bounds texts and takes control characters out", () => {
  const long = "x".repeat(10_000);
  const record = pendingRecord({
    event: "grant",
    identity: `a\x1b[2J\n${long}`,
    detail: long,
    data: {
      long,
      other: long,
      ...Object.fromEntries([...long.slice(0, 300)].map((x, i) => [i, x])),
    },
  }, 0);
  assert.equal(record.identity.slice(0, 6), "a [2J ");
  assert.equal(record.identity.length, 256);
  assert.ok(record.detail.length <= 2048 && record.data.length <= 2048);
  assert.doesNotThrow(() => JSON.parse(record.data));
});

Deno.test("pendingRecord() makes texts that come back from the file as they were hashed", () =>
  inTemporaryFolder(async (dir) => {
    const texts = ["\ud800", "a\udfffb", "\0", "é", "\u2028", "💥", "x".repeat(255) + "💥", '"\\'];
    const file = new AuditFile(`${dir}/a.db`);
    const records = texts.map((text) =>
      pendingRecord({ event: "grant", identity: text, detail: text, data: { text } }, 0)
    );
    file.append(records, { isDurable: false });
    const { fault } = await new AuditReader({ file }, systemClock).verify();
    assert.equal(fault?.text, undefined);
    file.close();
  }));
