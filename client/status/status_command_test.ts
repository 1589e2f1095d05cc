import assert from "node:assert/strict";
import { ManualClock } from "../../core/clock/mod.ts";
import { command, MemoryIo, run } from "../../core/cli/mod.ts";
import type { TunnelStatus } from "../../core/tunnel/mod.ts";
import type { ConnectionStatus, ControlEvent, FoundClient } from "../control/mod.ts";
import { statusCommand, type StatusDeps } from "./status_command.ts";

const NOW = Date.UTC(2026, 7, 1, 10);
const SINCE = Date.UTC(2026, 7, 1, 9);
const HUB = {
  machines: [{ id: "barn", agentConnected: true, services: [] }],
  timestamp: "t",
  x: 1,
};

const TUNNEL: TunnelStatus = {
  state: "up",
  sinceWallMs: SINCE,
  path: "direct",
  pathSinceWallMs: SINCE + 5000,
  paths: [
    {
      kind: "direct",
      remote: "192.0.2.7:41820",
      state: "up",
      rttMs: 12.34,
      loss: 0.004,
      goodputBps: 93_210_000,
      mtuBytes: 1400,
      sentBytes: 1536,
      receivedBytes: 10,
      heardAgoMs: 400,
    },
    {
      kind: "websocket",
      remote: "192.0.2.1:443",
      state: "down",
      mtuBytes: 16_384,
      sentBytes: 0,
      receivedBytes: 0,
    },
  ],
  sentBytes: 1_500_000,
  receivedBytes: 1023,
  heardAgoMs: 400,
  resumes: 2,
  peer: { kind: "ours", fingerprint: "SHA256:abc", verified: "pinned" },
  note: "No UDP through the hub",
};

const BARN: ConnectionStatus = {
  index: 0,
  hub: "ws://h:8/",
  machine: "barn",
  state: "up",
  tunnel: TUNNEL,
  services: [
    {
      name: "SSH",
      local: 10_022,
      remote: 22,
      bindAddr: "127.0.0.1",
      machine: "barn",
      hub: "ws://h",
    },
  ],
  openConnections: 1,
  note: "",
};

const ATTIC: ConnectionStatus = {
  ...BARN,
  index: 1,
  machine: "attic\x1b[2J",
  hub: "ws://other",
  state: "connecting",
  tunnel: null,
  services: [],
  openConnections: 0,
  note: 'Machine "attic" not found; next attempt in 6 s',
};

const address = (pid: number) => ({ pid, port: 1, token: "" });

function alive(...connections: ConnectionStatus[]): FoundClient {
  return { address: address(71), answer: { state: "alive", pid: 71, connections } };
}

function setUp(clients: FoundClient[], hub: () => Response = () => Response.json(HUB)) {
  const clock = new ManualClock(NOW);
  const interrupt = { now: () => {} };
  const deps: StatusDeps = {
    clock,
    fetch: () => Promise.resolve(hub()),
    storedToken: () => Promise.resolve(""),
    findClients: () => Promise.resolve(clients),
    followClient: (_address, { onEvent }) => Promise.resolve(EVENTS.forEach(onEvent)),
    onInterrupt: (callback) => {
      interrupt.now = callback;
      return { [Symbol.dispose]() {} };
    },
  };
  const program = command({ name: "tela", summary: "", commands: [statusCommand(deps)] });
  const tela = (line: string, terminal = false) => {
    const io = new MemoryIo({ args: line.split(" "), terminal });
    return { io, code: run(program, io) };
  };
  return { tela, clock, interrupt };
}

const EVENTS: ControlEvent[] = [
  { type: "connection_state", connected: true, profileName: "" },
  {
    type: "path_changed",
    time: "2026-08-01T09:59:59.125Z",
    index: 0,
    hub: "ws://h",
    machine: "barn",
    status: TUNNEL,
  },
  { type: "tunnel_activity", machine: "barn", localPort: 10_022, remote: 22, active: false },
  { type: "events_dropped", count: 3 },
];

Deno.test("tela status prints all that is known of each tunnel", async () => {
  const { io, code } = setUp([alive(BARN, ATTIC)]).tela("status");
  assert.equal(await code, 0);
  assert.equal(
    io.out,
    `Machine:    barn
Hub:        ws://h:8/
State:      up since 2026-08-01T09:00:00Z
Path:       direct to 192.0.2.7:41820 since 2026-08-01T09:00:05Z
Round trip: 12.3 ms
Loss:       0.4 %
Goodput:    93.2 Mbit/s
Traffic:    1.4 MB sent, 1023 B received
Last heard: 2026-08-01T09:59:59Z (0.4 s ago)
Peer:       verified, SHA256:abc
Resumed:    2 times
Note:       No UDP through the hub
Open:       1 connection
Ports:      localhost:10022 → SSH (22)
PATH       REMOTE           STATE  ROUND TRIP   LOSS      GOODPUT    MTU    SENT  RECEIVED  HEARD
direct     192.0.2.7:41820  up        12.3 ms  0.4 %  93.2 Mbit/s   1400  1.5 KB      10 B  2026-08-01T09:59:59Z (0.4 s ago)
websocket  192.0.2.1:443    down            -      -            -  16384     0 B       0 B  -

Machine:    attic [2J
Hub:        ws://other
State:      connecting: Machine "attic" not found; next attempt in 6 s
Open:       0 connections
Ports:      -
`,
  );
  assert.equal(io.err, "");
});

Deno.test("tela status says who the peer is, as far as that is known", async () => {
  const table: [TunnelStatus["peer"], string][] = [
    [
      { kind: "ours", fingerprint: "SHA256:x", verified: "first-use" },
      "seen for the first time, .*, SHA256:x",
    ],
    [{ kind: "reference", verified: "unverified" }, "not verified, its program has no identity"],
    [{ kind: "unknown", verified: "unverified" }, "not verified$"],
  ];
  for (const [peer, expected] of table) {
    const tunnel: TunnelStatus = { ...TUNNEL, state: "waiting", paths: [], peer };
    delete tunnel.path;
    delete tunnel.heardAgoMs;
    const { io, code } = setUp([alive({ ...BARN, state: "waiting", tunnel })]).tela("status");
    assert.equal(await code, 0);
    assert.match(io.out, new RegExp(`^Peer: {7}${expected}`, "m"));
    assert.match(io.out, /^State: {6}waiting since .*\nPath: {7}none\n/m);
    assert.match(io.out, /^Last heard: -$/m);
  }
});

Deno.test("tela status -json has tunnels beside what the hub says", async () => {
  const { tela } = setUp([alive(BARN, ATTIC)]);
  const local = tela("status -json");
  assert.equal(await local.code, 0);
  assert.deepEqual(JSON.parse(local.io.out), {
    tunnels: [{ pid: 71, ...BARN }, { pid: 71, ...ATTIC }],
  });
  const asked = tela("status -json -hub http://h:8");
  assert.equal(await asked.code, 0);
  assert.deepEqual(JSON.parse(asked.io.out), { ...HUB, tunnels: [{ pid: 71, ...BARN }] });
  const { io, code } = tela("status -hub WS://h:8");
  assert.equal(await code, 0);
  assert.match(
    io.out,
    /^Hub: {7}WS:\/\/h:8\nMachines: {2}1 registered, 1 online\n(.*\n){3}\nMachine: {4}barn\n/,
  );
  assert.ok(!io.out.includes("attic"));
});

Deno.test("tela status shows the tunnels also when the hub does not answer", async () => {
  const { tela } = setUp([alive(BARN)], () => new Response("", { status: 502 }));
  const text = tela("status -hub ws://h:8");
  assert.equal(await text.code, 1);
  assert.match(text.io.out, /^Machine: {4}barn\n/);
  assert.equal(text.io.err, "Error: hub http://h:8 answered HTTP 502\n");
  const json = tela("status -hub ws://h:8 -json");
  assert.equal(await json.code, 1);
  assert.deepEqual(JSON.parse(json.io.out), { tunnels: [{ pid: 71, ...BARN }] });
});

Deno.test("tela status says that nothing runs, or does not answer (client 67)", async () => {
  const silent: FoundClient = { address: address(9), answer: { state: "silent", pid: 9 } };
  const table: [FoundClient[], string, string][] = [
    [[], "status", "Error: no tela connect is running: start one, or ask a hub with -hub\n"],
    [
      [],
      "status -follow",
      "Error: no tela connect is running: start one, or ask a hub with -hub\n",
    ],
    [[silent], "status -json", "Error: tela connect with process id 9 does not answer\n"],
  ];
  for (const [clients, line, expected] of table) {
    const { io, code } = setUp(clients).tela(line);
    assert.equal(await code, 1);
    assert.deepEqual([io.out, io.err], ["", expected]);
  }
  const { io, code } = setUp([alive(BARN), silent]).tela("status");
  assert.equal(await code, 0);
  assert.equal(io.err, "tela connect with process id 9 does not answer\n");
});

const settle = () => new Promise<void>((resolve) => setTimeout(resolve, 0));

Deno.test("tela status -watch prints again every 2 s until interrupted, whatever happens", async () => {
  const clients = [alive(BARN)];
  const { tela, clock, interrupt } = setUp(clients);
  const { io, code } = tela("status -watch -json");
  await settle();
  clients.pop();
  clock.advance(1999);
  await settle();
  assert.equal(io.out.split("\n").length, 2);
  clock.advance(1);
  await settle();
  interrupt.now();
  assert.equal(await code, 0);
  const lines = io.out.trimEnd().split("\n").map((line) => JSON.parse(line).tunnels.length);
  assert.deepEqual(lines, [1, 0]);
  assert.equal(clock.nextTimerMs(), Infinity);
  const screen = tela("status -watch", true);
  await settle();
  interrupt.now();
  assert.equal(await screen.code, 0);
  assert.ok(screen.io.out.startsWith("\x1b[H\x1b[JNo tela connect is running"));
});

Deno.test("tela status -follow prints what happens", async () => {
  const { tela } = setUp([alive(BARN)]);
  const text = tela("status -follow");
  assert.equal(await text.code, 0);
  assert.equal(
    text.io.out,
    "2026-08-01T09:59:59.125Z barn: path is now direct to 192.0.2.7:41820\n" +
      "2026-08-01T10:00:00Z barn: connection to localhost:10022 closed\n" +
      "2026-08-01T10:00:00Z 3 events were lost: this reader was too slow\n",
  );
  const json = tela("status -follow -json");
  assert.equal(await json.code, 0);
  const lines = json.io.out.trimEnd().split("\n").map((line) => JSON.parse(line));
  assert.deepEqual(lines, EVENTS.map((event) => ({ pid: 71, ...event })));
});
