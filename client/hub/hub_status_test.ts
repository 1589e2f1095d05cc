import assert from "node:assert/strict";
import { readHubStatus, serviceLabel } from "./hub_status.ts";
import { agentsView, machinesJson, machinesView, servicesView, statusView } from "./views.ts";

const DOCUMENT = {
  timestamp: "2026-11-21T01:21:21Z",
  hubName: "lab",
  machines: [
    {
      id: "barn",
      agentId: "5d1e",
      agentVersion: "dev",
      agentConnected: true,
      sessionCount: 1,
      location: null,
      services: [
        { port: 5300, proto: "tcp", name: "bench", description: "" },
        { port: 8088, proto: "http", name: "gateway" },
      ],
      capabilities: { management: true },
    },
    {
      id: "my box",
      agentConnected: false,
      sessionCount: 2,
      services: [{ port: 22, label: "SSH" }],
    },
    { id: "empty", agentConnected: true, sessionCount: 0, services: [] },
  ],
};
const status = readHubStatus(DOCUMENT)!;
const hubUrl = "ws://127.0.0.1:18081";

Deno.test("machinesView() has the four headings and - for empty cells (client 10)", () => {
  assert.equal(
    machinesView(status),
    "MACHINE  STATUS   SERVICES                  SESSION\n" +
      "barn     online   bench:5300, gateway:8088  1 active\n" +
      "my box   offline  SSH:22                    2 active\n" +
      "empty    online   -                         -\n",
  );
  assert.equal(machinesView(readHubStatus({ machines: [] })!), "No machines registered.\n");
});

Deno.test("machinesView() shows identities when asked, as what the hub claims", () => {
  const machines = [
    { id: "barn", agentConnected: true, capabilities: { identity: "SHA256:abc" } },
    { id: "attic", capabilities: { identity: 7 } },
    { id: "shed", capabilities: "none" },
  ];
  assert.equal(
    machinesView(readHubStatus({ machines })!, { identities: true }),
    "MACHINE  STATUS   SERVICES  SESSION  IDENTITY (AS THE HUB CLAIMS)\n" +
      "barn     online   -         -        SHA256:abc\n" +
      "attic    offline  -         -        -\n" +
      "shed     offline  -         -        -\n",
  );
});

Deno.test("machinesJson() keeps unknown fields and nulls (client 11)", () => {
  const { machines, timestamp } = DOCUMENT;
  assert.deepEqual(JSON.parse(machinesJson(status)), { machines, timestamp });
});

Deno.test("servicesView() prints commands that can be run as they stand", () => {
  assert.equal(
    servicesView(status.machines[0]!, { hubUrl }),
    "Machine: barn (online)\n" +
      "PORT  SERVICE  CONNECT\n" +
      "5300  bench    tela connect -hub ws://127.0.0.1:18081 -machine barn\n" +
      "8088  gateway  tela connect -hub ws://127.0.0.1:18081 -machine barn\n",
  );
  assert.match(
    servicesView(status.machines[1]!, { hubUrl }),
    /^Machine: my box \(offline\)\n.*\n22 {4}SSH {6}tela connect -hub \S+ -machine 'my box'\n$/,
  );
  assert.equal(
    servicesView(status.machines[2]!, { hubUrl }),
    "Machine: empty (online)\nNo services advertised.\n",
  );
});

Deno.test("statusView() counts online by agentConnected and sums sessions (client 14)", () => {
  assert.equal(
    statusView(status, { hubUrl }),
    `Hub:       ${hubUrl}\n` +
      "Machines:  3 registered, 2 online\n" +
      "Services:  3 total\n" +
      "Sessions:  3 active\n" +
      "Timestamp: 2026-11-21T01:21:21Z\n",
  );
});

Deno.test("agentsView() lists versions and names", () => {
  assert.equal(
    agentsView(status),
    "MACHINE  STATUS   VERSION  SERVICES\n" +
      "barn     online   dev      bench, gateway\n" +
      "my box   offline  -        SSH\n" +
      "empty    online   -        -\n",
  );
});

Deno.test("serviceLabel() falls back from name to label to port", () => {
  const machine = { services: [{ name: "a", label: "b", port: 1 }, { port: 1 }, {}] };
  const [named, numbered, bare] = readHubStatus({ machines: [machine] })!.machines[0]!.services;
  assert.deepEqual([named, numbered, bare].map((s) => serviceLabel(s!)), [
    "a",
    "port 1",
    "service",
  ]);
});

Deno.test("readHubStatus() takes any JSON and never throws", () => {
  for (const wrong of [null, 1, "x", [], {}, { machines: {} }, { machines: null }]) {
    assert.equal(readHubStatus(wrong), undefined, JSON.stringify(wrong));
  }
  const odd = { machines: [null, 1, { id: 5, services: "no", sessionCount: "2" }], timestamp: 7 };
  const read = readHubStatus(odd)!;
  assert.equal(read.machines.length, 1);
  assert.match(statusView(read, { hubUrl }), /Machines: {2}1 registered, 0 online/);
  assert.match(machinesView(read), /offline/);
});
