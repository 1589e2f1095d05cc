import assert from "node:assert/strict";
import { connectCommand, isMachineShown, machineRows, machinesSummary } from "./machines.js";

const NOW = Date.parse("2026-08-01T09:30:00Z");

const machine = (id: string, fields: object = {}) => ({
  id,
  displayName: null,
  hostname: null,
  os: null,
  agentVersion: null,
  lastSeen: "2026-08-01T09:29:58Z",
  tags: [],
  services: [],
  agentConnected: true,
  sessionCount: 0,
  ...fields,
});

Deno.test("machineRows() orders by name, numbers by their size, and never by what comes first", () => {
  const ids = ["m10", "barn", "m9", "Attic"];
  const ordered = (list: string[]) =>
    machineRows(list.map((id) => machine(id)), NOW).map(({ id }) => id);
  assert.deepEqual(ordered(ids), ["Attic", "barn", "m9", "m10"]);
  assert.deepEqual(ordered(ids.toReversed()), ordered(ids));
});

Deno.test("machineRows() tells online, stale and offline apart by the hub's time", () => {
  const table: [object, string][] = [
    [{}, "online"],
    [{ lastSeen: "2026-08-01T09:29:00Z" }, "online"],
    [{ lastSeen: "2026-08-01T09:28:59Z" }, "stale"],
    [{ lastSeen: null }, "online"],
    [{ agentConnected: false }, "offline"],
    [{ agentConnected: false, lastSeen: null }, "offline"],
  ];
  for (const [fields, expected] of table) {
    const [row] = machineRows([machine("barn", fields)], NOW);
    assert.equal(row?.state, expected, JSON.stringify(fields));
  }
});

Deno.test("machineRows() shows the id where the name is another, and what is known of the host", () => {
  const fields = {
    displayName: "Barn",
    hostname: "barn01",
    os: "linux",
    agentVersion: "v0.17.0",
    services: [{ port: 22, name: "SSH" }],
    tags: ["prod"],
  };
  const [row] = machineRows([machine("barn", fields)], NOW);
  assert.equal(row?.name, "Barn");
  assert.equal(row?.meta, "barn · barn01 · linux · v0.17.0");
  assert.deepEqual(row?.services, ["SSH :22"]);
  const [bare] = machineRows([machine("barn")], NOW);
  assert.deepEqual([bare?.name, bare?.meta], ["barn", ""]);
  const bridged = machine("far", { reachableThrough: { hubUrl: "wss://b.example" } });
  assert.equal(machineRows([bridged], NOW)[0]?.meta, "through wss://b.example");
});

Deno.test("isMachineShown() looks at names, hosts, tags and services, and at the status", () => {
  const fields = { hostname: "nas", tags: ["Prod"], services: [{ port: 443, name: "HTTPS" }] };
  const [row] = machineRows([machine("store", fields)], NOW);
  for (const query of ["", "STORE", "nas", "prod https", ":443"]) {
    assert.ok(isMachineShown(row!, { query, state: "" }), query);
  }
  assert.ok(!isMachineShown(row!, { query: "rdp", state: "" }));
  assert.ok(isMachineShown(row!, { query: "", state: "online" }));
  assert.ok(!isMachineShown(row!, { query: "", state: "offline" }));
});

Deno.test("machinesSummary() counts a stale machine among those online", () => {
  const rows = machineRows([
    machine("a", { sessionCount: 2 }),
    machine("b", { lastSeen: "2026-08-01T09:00:00Z", sessionCount: 1 }),
    machine("c", { agentConnected: false }),
  ], NOW);
  assert.equal(machinesSummary(rows), "3 machines, 2 online, 3 sessions");
});

Deno.test("connectCommand() quotes a name that a shell would run", () => {
  const hub = "wss://hub.example";
  assert.equal(
    connectCommand("barn", { hub }),
    "tela connect -hub wss://hub.example -machine barn",
  );
  assert.equal(
    connectCommand("a; reboot", { hub }),
    "tela connect -hub wss://hub.example -machine 'a; reboot'",
  );
});
