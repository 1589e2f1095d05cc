import assert from "node:assert/strict";
import type { AuthConfig, Role } from "../config/mod.ts";
import { SwitchboardRig } from "../testing/mod.ts";
import { Router } from "./router.ts";
import { publicRoutes } from "./routes.ts";

const none = { issuedAtMs: undefined, expiresAtMs: undefined, revokedAtMs: undefined };
const entry = (id: string, role: Role) => ({ ...none, id, token: `${id}-token`, role });
const acl = { registerToken: undefined, connect: [], manageTokens: [] };

const AUTH: AuthConfig = {
  tokens: [
    entry("owner", "owner"),
    entry("viewer", "viewer"),
    entry("alice", "user"),
    entry("agent", "user"),
    { ...entry("late", "owner"), expiresAtMs: 1 },
  ],
  machines: new Map([
    ["barn", {
      ...acl,
      registerToken: "agent-token",
      connect: [{ token: "alice-token", services: ["SSH"] }],
    }],
  ]),
};

const FACTS = { os: "linux", arch: "amd64", hostname: "h1", runtime: "deno2", version: "0.1.0" };

function setUp(auth?: AuthConfig) {
  const rig = new SwitchboardRig(auth && { auth });
  const options = {
    hub: () => ({ hubId: "hub-1", name: "lab" }),
    facts: FACTS,
    access: () => rig.access,
    authenticator: rig.authenticator,
    machines: () => rig.registry.all(),
    sessionCount: (machine: Parameters<typeof rig.switchboard.sessionCount>[0]) =>
      rig.switchboard.sessionCount(machine),
    history: () => rig.history.newestFirst(),
    clock: rig.clock,
    repeats: rig.repeats,
  };
  const router = new Router(publicRoutes(options), {
    onError: (error) => assert.fail(String(error)),
  });
  const ask = async (
    path: string,
    { method = "GET", token, known }: { method?: string; token?: string; known?: string } = {},
  ) => {
    const headers = {
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...(known !== undefined && { "if-none-match": known }),
    };
    const request = new Request(`http://hub${path}`, { method, headers });
    return await router.handle(request, { remoteAddress: "192.0.2.7:1" });
  };
  return { rig, ask };
}

Deno.test("/.well-known/tela is for everybody, by GET only (hub 1)", async () => {
  const { ask } = setUp(AUTH);
  const response = await ask("/.well-known/tela");
  assert.equal(response.status, 200);
  assert.equal(response.headers.get("content-type"), "application/json");
  assert.equal(response.headers.get("access-control-allow-origin"), "*");
  assert.deepEqual(await response.json(), {
    protocolVersion: "1.1",
    supportedVersions: ["1.1"],
    capabilities: ["per-service-access-control"],
    hubId: "hub-1",
  });
  for (const method of ["POST", "HEAD", "PUT"]) {
    const refused = await ask("/.well-known/tela", { method });
    assert.equal(refused.status, 405);
    await refused.body?.cancel();
  }
  const preflight = await ask("/.well-known/tela", { method: "OPTIONS" });
  assert.equal(preflight.status, 204);
});

for (const token of [undefined, "", "wrong", "owner-toke", "owner-token2", "late-token"]) {
  Deno.test(`status and history are refused to the token "${token}" (hub 2, 11, 15)`, async () => {
    const { rig, ask } = setUp(AUTH);
    rig.agent("barn", { token: "agent-token" });
    for (const [path, list] of [["/api/status", "machines"], ["/api/history", "events"]]) {
      const response = await ask(path!, token === undefined ? {} : { token });
      assert.equal(response.status, 401);
      assert.deepEqual(await response.json(), { error: "auth_required", [list!]: [] });
    }
  });
}

Deno.test("/api/status shows a machine whole, absent facts as null (hub 5, wire 8)", async () => {
  const { rig, ask } = setUp();
  rig.agent("barn", {
    machineRegistrationId: "r-1",
    displayName: "Barn",
    tags: ["x"],
    services: [{ port: 22 }, { port: 8088, proto: "HTTP", name: "gateway", description: "d" }],
    capabilities: { management: true },
  });
  rig.agent("attic");
  rig.clock.advance(4_211_999);
  const response = await ask("/api/status");
  assert.equal(response.status, 200);
  assert.equal(response.headers.get("cache-control"), "no-store");
  const nulls = { hostname: null, os: null, agentVersion: null, location: null, owner: null };
  const times = { registeredAt: "2026-08-01T09:00:00Z", lastSeen: "2026-08-01T09:00:00Z" };
  assert.deepEqual(await response.json(), {
    timestamp: "2026-08-01T10:10:11Z",
    hubId: "hub-1",
    hubName: "lab",
    hub: {
      os: "linux",
      arch: "amd64",
      hostname: "h1",
      version: "0.1.0",
      goVersion: "deno2",
      uptime: 4211,
    },
    machines: [
      {
        ...nulls,
        ...times,
        id: "attic",
        agentId: "agent-1",
        machineRegistrationId: "made-1",
        displayName: null,
        protocolVersion: 1,
        tags: [],
        agentConnected: true,
        sessionCount: 0,
        services: [],
      },
      {
        ...nulls,
        ...times,
        id: "barn",
        agentId: "agent-1",
        machineRegistrationId: "r-1",
        displayName: "Barn",
        protocolVersion: 1,
        tags: ["x"],
        agentConnected: true,
        sessionCount: 0,
        services: [
          { port: 22, proto: "tcp", name: "SSH", description: "" },
          { port: 8088, proto: "http", name: "gateway", description: "d" },
        ],
        capabilities: { management: true },
      },
    ],
  });
});

Deno.test("/api/status counts sessions, joined or not, and keeps machines that are offline (hub 6)", async () => {
  const { rig, ask } = setUp();
  const agent = rig.agent("barn");
  rig.client("barn");
  rig.pair(rig.agent("shed"), "shed");
  const counts = async () => {
    const { machines } = await (await ask("/api/status")).json();
    return machines.map((
      m: { id: string; agentConnected: boolean; sessionCount: number },
    ) => [m.id, m.agentConnected, m.sessionCount]);
  };
  assert.deepEqual(await counts(), [["barn", true, 1], ["shed", true, 1]]);
  agent.leave();
  await rig.settle();
  assert.deepEqual(await counts(), [["barn", false, 0], ["shed", true, 1]]);
});

Deno.test("callers see the machines, services and events that they may (hub 4, 7, 9)", async () => {
  const { rig, ask } = setUp(AUTH);
  const services = [{ port: 22 }, { port: 80 }];
  rig.agent("barn", { token: "agent-token", services });
  rig.agent("shed", { token: "owner-token", services });
  const seen = async (token: string) => {
    const { machines } = await (await ask("/api/status", { token })).json();
    const { events } = await (await ask("/api/history?machine=shed", { token })).json();
    return [
      machines.map((m: { id: string; services: { name: string }[] }) =>
        `${m.id}:${m.services.map(({ name }) => name)}`
      ),
      events.map((event: { machineId: string }) => event.machineId),
    ];
  };
  const all = [["barn:SSH,HTTP", "shed:SSH,HTTP"], ["shed", "barn"]];
  assert.deepEqual(await seen("owner-token"), all);
  assert.deepEqual(await seen("viewer-token"), all);
  assert.deepEqual(await seen("alice-token"), [["barn:SSH"], ["barn"]]);
  assert.deepEqual(await seen("agent-token"), [[], []]);
});

Deno.test("aliases answer as their canonical routes, by any method (hub 3)", async () => {
  const { rig, ask } = setUp(AUTH);
  rig.agent("barn", { token: "agent-token" });
  const groups = [["/api/status", "/status", "/api/admin/status"], [
    "/api/history",
    "/api/admin/history",
  ]];
  for (const [canonical, ...aliases] of groups) {
    for (const token of ["alice-token", "viewer-token", "wrong"]) {
      const expected = await ask(canonical!, { token });
      const body = await expected.json();
      for (const alias of aliases) {
        const response = await ask(alias, { token, method: "POST" });
        assert.equal(response.status, expected.status);
        assert.deepEqual(await response.json(), body);
      }
    }
  }
});

Deno.test("/api/history gives events without an empty detail", async () => {
  const { rig, ask } = setUp();
  rig.agent("barn", { ports: [] });
  rig.client("barn", { ports: [] });
  assert.deepEqual(await (await ask("/api/history")).json(), {
    timestamp: "2026-08-01T09:00:00Z",
    events: [
      { machineId: "barn", event: "client-connect", timestamp: "2026-08-01T09:00:00Z" },
      {
        machineId: "barn",
        event: "agent-register",
        timestamp: "2026-08-01T09:00:00Z",
        detail: "ports=[]",
      },
    ],
  });
});

Deno.test("a token in the query works and is logged without itself (hub 10, 79)", async () => {
  const { rig, ask } = setUp(AUTH);
  const response = await ask("/api/status?token=owner-token");
  assert.equal(response.status, 200);
  await response.body?.cancel();
  assert.equal(rig.lines.length, 1);
  assert.match(rig.lines[0]!, /token in the query: .* from 192\.0\.2\.7:1$/);
});

Deno.test("/healthz says ok, /ws without an upgrade is a bad request", async () => {
  const { ask } = setUp(AUTH);
  const health = await ask("/healthz");
  assert.equal(health.status, 200);
  assert.match(health.headers.get("content-type")!, /^text\/plain/);
  assert.equal(await health.text(), "ok\n");
  const ws = await ask("/ws");
  assert.equal(ws.status, 400);
  await ws.body?.cancel();
});

Deno.test("/api/status and /api/history answer 304 until more than the clock has moved", async () => {
  const { rig, ask } = setUp(AUTH);
  rig.agent("barn", { token: "agent-token" });
  for (const path of ["/api/status", "/api/history"]) {
    const known = (await ask(path, { token: "owner-token" })).headers.get("etag")!;
    rig.clock.advance(5000);
    const same = await ask(path, { token: "owner-token", known });
    assert.deepEqual([same.status, await same.text()], [304, ""], path);
    assert.equal((await ask(path, { token: "owner-token", known: '"other"' })).status, 200);
    assert.equal((await ask(path, { token: "owner-token", known, method: "POST" })).status, 200);
    assert.equal((await ask(path, { known })).status, 401, "a tag lets nobody in");
    rig.agent("shed", { token: "owner-token" });
    assert.equal((await ask(path, { token: "owner-token", known })).status, 200);
  }
});
