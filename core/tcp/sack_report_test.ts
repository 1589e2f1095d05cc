import assert from "node:assert/strict";
import { RangeSet } from "./reassembly.ts";
import { SackReport } from "./sack_report.ts";
import { type Seq, toSeq } from "./seq.ts";

/** A little before the wrap. */
const BASE = 2 ** 32 - 5000;

const at = (offset: number): Seq => toSeq(BASE + offset);

/** Ranges, a report of them, and the blocks it has, relative to the base. */
function reporter() {
  const ranges = new RangeSet(1024);
  const report = new SackReport(ranges);
  const edges = new Int32Array(8);
  return {
    ranges,
    report,
    arrives(...offsets: number[]): void {
      for (const offset of offsets) {
        ranges.add(at(offset), at(offset + 100));
        report.arrived(at(offset));
      }
    },
    blocks(count = report.count): number[][] {
      edges.fill(0x55);
      report.write(edges, count);
      const relative = [...edges.subarray(0, 2 * count)].map((edge) => (edge - BASE) >>> 0);
      return Array.from({ length: count }, (_, i) => relative.slice(2 * i, 2 * i + 2));
    },
  };
}

Deno.test("SackReport tells of the range that grew last first, of the others as they grew (RFC 2018 §4)", () => {
  const { arrives, blocks } = reporter();
  arrives(1000, 3000, 2000, 1100);
  assert.deepEqual(blocks(), [[1000, 1200], [2000, 2100], [3000, 3100]]);
});

Deno.test("SackReport tells of each range in four acknowledgements, whichever of them is lost", () => {
  const { arrives, blocks } = reporter();
  // Many holes from before, which nobody needs to hear of again.
  for (let offset = 500; offset < 3000; offset += 200) arrives(offset);
  const told = new Map<number, number>();
  for (let offset = 4000; offset < 8000; offset += 200) {
    arrives(offset);
    for (const [start] of blocks()) told.set(start!, (told.get(start!) ?? 0) + 1);
  }
  for (let offset = 4000; offset < 7000; offset += 200) assert.equal(told.get(offset), 4);
});

Deno.test("SackReport tells again of what filled a hole far below", () => {
  const { arrives, blocks } = reporter();
  arrives(1000, 1200, 5000, 5200, 5400, 5600);
  arrives(1100, 5700);
  assert.deepEqual(blocks().slice(0, 2), [[5600, 5800], [1000, 1300]]);
});

Deno.test("SackReport tells of many ranges that arrive with one acknowledgement in the next ones, too", () => {
  const { arrives, blocks } = reporter();
  arrives(1000, 1200, 1400, 1600, 1800, 2000);
  assert.deepEqual(blocks().map(([start]) => start), [2000, 1800, 1600, 1400]);
});

Deno.test("SackReport tells once, and first, what arrived twice, then the range around it (RFC 2883 §4)", () => {
  const { arrives, blocks, report } = reporter();
  arrives(1000, 2000, 3000);
  report.twice(at(1000), at(1100));
  assert.deepEqual(blocks(), [[1000, 1100], [1000, 1100], [3000, 3100], [2000, 2100]]);
  report.twice(at(0), at(100));
  assert.deepEqual(blocks(), [[0, 100], [3000, 3100], [2000, 2100], [1000, 1100]]);
  assert.deepEqual(blocks(), [[3000, 3100], [2000, 2100], [1000, 1100]]);
});

Deno.test("SackReport keeps to what is there: ranges that were passed are told no more", () => {
  const { arrives, blocks, ranges, report } = reporter();
  arrives(1000, 2000, 3000);
  ranges.removeBefore(at(2500));
  assert.deepEqual(blocks(), [[3000, 3100]]);
  ranges.clear();
  assert.equal(report.count, 0);
});

Deno.test("SackReport fills what room there is, be it for fewer", () => {
  const { arrives, blocks } = reporter();
  arrives(1000, 2000, 3000);
  assert.deepEqual(blocks(2), [[3000, 3100], [2000, 2100]]);
});
