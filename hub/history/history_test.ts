import assert from "node:assert/strict";
import { History, type RecordOfMachine } from "./history.ts";

const record = (fields: Partial<RecordOfMachine>): RecordOfMachine => ({
  event: "session-open",
  timeMs: 0,
  machine: "barn",
  reason: "",
  detail: "",
  ...fields,
});

Deno.test("History keeps the last 100 events, newest first, older ones before (hub 9)", () => {
  const past = [7, 6, 5].map((timeMs) => record({ timeMs }));
  const history = new History(past);
  assert.deepEqual(history.newestFirst().map(({ wallMs }) => wallMs), [7, 6, 5]);
  for (let timeMs = 10; timeMs < 250; timeMs++) history.add(record({ timeMs }));
  const times = history.newestFirst().map(({ wallMs }) => wallMs);
  assert.deepEqual([times.length, times[0], times.at(-1)], [100, 249, 150]);
});

Deno.test("History.add() says it as the reference does, and of other records nothing", () => {
  const services = "services=SSH:22";
  const table: [Partial<RecordOfMachine>, string | undefined][] = [
    [{ event: "register", detail: "ports=[22 80]" }, "agent-register ports=[22 80]"],
    [{ event: "agent-gone", detail: "agent disconnected" }, "agent-disconnect agent disconnected"],
    [{ event: "session-open", detail: services }, `client-connect ${services}`],
    [{ event: "session-open" }, "client-connect "],
    [
      { event: "session-close", reason: "client left", detail: services },
      `client-disconnect ${services}`,
    ],
    [{ event: "session-close", reason: "client left" }, "client-disconnect client disconnected"],
    [{ event: "session-close", reason: "not joined" }, "client-disconnect client disconnected"],
    [{ event: "session-close", reason: "revoked" }, "client-disconnect client disconnected"],
    [
      { event: "session-close", reason: "agent left" },
      "agent-session-disconnect agent-session disconnected",
    ],
    [{ event: "session-close", reason: "agent gone" }, undefined],
    [{ event: "session-close", reason: "hub stopping" }, undefined],
    [{ event: "request" }, undefined],
    [{ event: "grant" }, undefined],
  ];
  for (const [fields, expected] of table) {
    const history = new History([record(fields)]);
    const [event] = history.newestFirst();
    assert.equal(event && `${event.event} ${event.detail}`, expected);
  }
});
