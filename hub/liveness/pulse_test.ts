import assert from "node:assert/strict";
import { Pulse, SWEEP_MS } from "./pulse.ts";

interface Habit {
  /** What the peer does, and when. */
  readonly does: readonly (readonly [atMs: number, what: "ping" | "pong" | "data"])[];
}

const every = (gapMs: number, { what, count }: { what: "ping" | "pong" | "data"; count: number }) =>
  Array.from({ length: count }, (_, i) => [(i + 1) * gapMs, what] as const);

/** When a peer of this habit is given up, as milliseconds after it was last heard. */
function givenUpAfter({ does }: Habit): number {
  const pulse = new Pulse(0);
  const events = [...does].sort((a, b) => a[0] - b[0]);
  const lastMs = events.at(-1)?.[0] ?? 0;
  for (let nowMs = SWEEP_MS; nowMs < lastMs + 200_000; nowMs += SWEEP_MS) {
    while (events.length > 0 && events[0]![0] <= nowMs) {
      const [atMs, what] = events.shift()!;
      pulse.heard();
      if (what === "ping") pulse.ping(atMs);
      if (what === "pong") pulse.pong();
    }
    if (pulse.isLost(pulse.sweep(nowMs))) return nowMs - lastMs;
  }
  return Infinity;
}

const HABITS: [name: string, habit: Habit, leastMs: number, mostMs: number][] = [
  ["never pings", { does: every(100, { what: "data", count: 50 }) }, Infinity, Infinity],
  ["is never heard", { does: [] }, Infinity, Infinity],
  ["pings once", { does: [[4000, "ping"]] }, Infinity, Infinity],
  ["pings every 4 s", { does: every(4000, { what: "ping", count: 5 }) }, 9000, 10_000],
  [
    "pings off the sweeps",
    { does: every(4001, { what: "ping", count: 5 }) },
    9000,
    10_000,
  ],
  [
    "pinged every 4 s, then was busy with data",
    {
      does: [
        ...every(4000, { what: "ping", count: 5 }),
        ...every(1000, { what: "data", count: 60 }),
      ],
    },
    9000,
    10_000,
  ],
  [
    "pinged every 4 s, then paused for 8 s",
    { does: [...every(4000, { what: "ping", count: 5 }), [28_000, "data"]] },
    50_000,
    51_000,
  ],
  ["pings every 20 s", { does: every(20_000, { what: "ping", count: 4 }) }, 50_000, 51_000],
  ["answers pings", { does: every(4000, { what: "pong", count: 4 }) }, 50_000, 51_000],
];

for (const [name, habit, leastMs, mostMs] of HABITS) {
  Deno.test(`Pulse gives up a peer that ${name} after ${leastMs} ms (wire 1.3)`, () => {
    const afterMs = givenUpAfter(habit);
    assert.ok(afterMs >= leastMs && afterMs <= mostMs, `after ${afterMs} ms`);
  });
}

Deno.test("Pulse.forgive() starts the silence anew", () => {
  const pulse = new Pulse(0);
  for (let nowMs = 4000; nowMs <= 20_000; nowMs += 4000) {
    pulse.heard();
    pulse.ping(nowMs);
    pulse.sweep(nowMs);
  }
  assert.ok(pulse.isLost(pulse.sweep(80_000)));
  pulse.forgive(80_000);
  assert.equal(pulse.isLost(pulse.sweep(88_000)), false);
  assert.ok(pulse.isLost(pulse.sweep(89_000)));
});
