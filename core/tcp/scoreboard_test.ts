import assert from "node:assert/strict";
import fc from "fast-check";
import { Scoreboard } from "./scoreboard.ts";
import { seqAdd, toSeq } from "./seq.ts";

const BASE = toSeq(0xfffff000);

interface NaiveRecord {
  start: number;
  end: number;
  sentMs: number;
  order: number;
  state: "flight" | "sacked" | "lost";
}

/** The slow twin: a list searched from end to end for every operation. */
class NaiveBoard {
  records: NaiveRecord[] = [];
  una = 0;
  end = 0;
  #order = 0;

  append(length: number, nowMs: number): void {
    const { end } = this;
    this.end += length;
    const order = this.#order++;
    this.records.push({ start: end, end: this.end, sentMs: nowMs, order, state: "flight" });
  }

  acknowledge(ack: number): void {
    this.records = this.records.filter((record) => record.end > ack);
    if (this.records[0] !== undefined && this.records[0].start < ack) this.records[0].start = ack;
    this.una = ack;
  }

  sack(start: number, end: number): void {
    if (start < this.una || end > this.end) return;
    for (const record of this.records) {
      if (record.start >= start && record.end <= end) record.state = "sacked";
    }
  }

  detectLost(latest: { sentMs: number; end: number }, waitMs: number, nowMs: number): number {
    let latestMs = -1;
    for (const record of this.records) {
      const before = record.sentMs < latest.sentMs ||
        (record.sentMs === latest.sentMs && record.end < latest.end);
      if (record.state !== "flight" || !before) continue;
      if (record.sentMs + waitMs <= nowMs) record.state = "lost";
      else latestMs = Math.max(latestMs, record.sentMs);
    }
    return latestMs;
  }

  resend(nowMs: number): void {
    const record = this.records.find(({ state }) => state === "lost")!;
    record.state = "flight";
    record.sentMs = nowMs;
    record.order = this.#order++;
  }

  resegment(maxBytes: number): void {
    this.records = this.records.flatMap((record) => {
      const pieces: NaiveRecord[] = [];
      for (let start = record.start; start < record.end; start += maxBytes) {
        pieces.push({ ...record, start, end: Math.min(start + maxBytes, record.end) });
      }
      return pieces;
    });
  }

  bytes(state: string): number {
    return this.records.filter((record) => record.state === state)
      .reduce((sum, { start, end }) => sum + end - start, 0);
  }
}

const step = fc.record({
  kind: fc.constantFrom(
    "append",
    "append",
    "append",
    "ack",
    "sack",
    "sack",
    "detect",
    "resend",
    "all",
    "split",
    "recall",
  ),
  a: fc.nat(1000),
  b: fc.nat(1000),
  waitMs: fc.integer({ min: 0, max: 6 }),
});

Deno.test("Scoreboard agrees with a plain list for any operations", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
      let delivered = 0;
      const board = new Scoreboard(BASE, { delivered: () => void delivered++ });
      const naive = new NaiveBoard();
      steps.forEach(({ kind, a, b, waitMs }, nowMs) => {
        const span = naive.end - naive.una;
        const at = (share: number) => naive.una + Math.round(span * share / 1000);
        // Blocks of a peer end where segments end; others are allowed, and mark less.
        if (kind === "append") {
          naive.append(a + 1, nowMs);
          board.append(seqAdd(BASE, naive.end), nowMs);
        } else if (kind === "ack") {
          const ack = at(Math.min(a, b));
          naive.acknowledge(ack);
          board.acknowledge(seqAdd(BASE, ack));
        } else if (kind === "sack") {
          const edges = naive.records.map(({ start }) => start).concat(naive.end);
          const [left, right] = [a, b].map((n) => edges[n % edges.length]!).sort((x, y) => x - y);
          naive.sack(left!, right!);
          board.sack(seqAdd(BASE, left!), seqAdd(BASE, right!));
        } else if (kind === "detect") {
          const latest = { sentMs: nowMs - a % 5, end: at(b) };
          const expected = naive.detectLost(latest, waitMs, nowMs);
          const inBoard = { sentMs: latest.sentMs, end: seqAdd(BASE, latest.end) };
          assert.equal(board.detectLost(inBoard, waitMs, nowMs), expected);
        } else if (kind === "resend" && board.lostBytes > 0) {
          naive.resend(nowMs);
          board.resent(board.firstLost(), nowMs);
        } else if (kind === "all") {
          if (naive.records[0]?.state === "sacked") {
            for (const record of naive.records) {
              if (record.state === "sacked") record.state = "lost";
            }
          }
          for (const record of naive.records) if (record.state === "flight") record.state = "lost";
          board.loseAll();
        } else if (kind === "split") {
          naive.resegment(a + 100);
          board.resegment(a + 100);
        } else if (kind === "recall" && naive.bytes("lost") > 0) {
          for (const record of naive.records) if (record.state === "lost") record.state = "flight";
          board.recall();
        }
        const { pipeBytes, lostBytes, sackedCount, count } = board;
        assert.deepEqual([pipeBytes, lostBytes, sackedCount, count], [
          naive.bytes("flight"),
          naive.bytes("lost"),
          naive.records.filter(({ state }) => state === "sacked").length,
          naive.records.length,
        ]);
        naive.records.forEach(({ start, end }, i) => {
          assert.equal(board.start(i), seqAdd(BASE, start));
          assert.equal(board.length(i), end - start);
        });
      });
      assert.ok(delivered <= steps.length * 12);
    }),
    { seed: 21, numRuns: 400 },
  );
});

Deno.test("Scoreboard gives large arrays back when everything has arrived", () => {
  const board = new Scoreboard(BASE, { delivered: () => {} });
  for (let i = 1; i <= 10_000; i++) board.append(seqAdd(BASE, 100 * i), i);
  assert.equal(board.pipeBytes, 1_000_000);
  board.acknowledge(seqAdd(BASE, 1_000_000));
  assert.deepEqual([board.count, board.pipeBytes, board.deliveredBytes], [0, 0, 1_000_000]);
  board.append(seqAdd(BASE, 1_000_100), 1);
  assert.equal(board.pipeBytes, 100);
});
