import assert from "node:assert/strict";
import { encodeHex } from "../bytes/mod.ts";
import { TimestampGuard, TimestampSource } from "./tai64n.ts";

const TABLE: [wallMs: number, hex: string][] = [
  [0, "400000000000000a00000000"],
  [1_000, "400000000000000b00000000"],
  [1_767_225_600_000, "400000006955b90a00000000"],
  // 999 ms are 59 whole steps of 2^24 ns.
  [999, "400000000000000a3b000000"],
  [16, "400000000000000a00000000"],
  [17, "400000000000000a01000000"],
  [2 ** 32 * 1_000, "400000010000000a00000000"],
];

for (const [wallMs, hex] of TABLE) {
  Deno.test(`TimestampSource.next() is ${hex} at ${wallMs} ms`, () => {
    assert.equal(encodeHex(new TimestampSource().next(wallMs)), hex);
  });
}

Deno.test("TimestampSource.next() always rises, whatever the wall clock does", () => {
  const source = new TimestampSource();
  const guard = new TimestampGuard();
  const walls = [5_000, 5_000, 4_000, 0, -7, 5_001, 5_990, 5_990, 5_990, 5_991, 1e12, 1, 1e12];
  for (const wallMs of [...walls, ...Array<number>(200).fill(1e12)]) {
    const stamp = source.next(wallMs);
    assert.ok(guard.isNew(stamp), `wall ${wallMs}`);
    guard.accept(stamp);
    const nanoseconds = new DataView(stamp.buffer).getUint32(8);
    assert.ok(nanoseconds < 1e9 && nanoseconds % 2 ** 24 === 0);
  }
});

Deno.test("TimestampGuard.isNew() compares the whole stamp, most significant byte first", () => {
  const guard = new TimestampGuard();
  const stamp = (...tail: number[]) =>
    Uint8Array.from([...Array(12 - tail.length).fill(0), ...tail]);
  guard.accept(stamp(5, 0, 5));
  for (const older of [stamp(5, 0, 5), stamp(5, 0, 4), stamp(4, 255, 255), stamp(0)]) {
    assert.equal(guard.isNew(older), false);
  }
  for (const newer of [stamp(5, 0, 6), stamp(5, 1, 0), stamp(6, 0, 0), stamp(1, 0, 0, 0)]) {
    assert.equal(guard.isNew(newer), true);
  }
});
