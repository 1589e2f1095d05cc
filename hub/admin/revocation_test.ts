import assert from "node:assert/strict";
import { acl, type FakeConnection, HubRig, identity } from "../testing/mod.ts";
import { auth } from "./_fixture.ts";

const OWNER = { token: "owner-token" };
const SERVICES = { services: [{ port: 22 }, { port: 80 }, { port: 3000 }] };

interface Live {
  readonly hub: HubRig;
  readonly agent: FakeConnection;
  readonly client: FakeConnection;
  readonly joined: FakeConnection;
  readonly request: Record<string, unknown>;
}

/** A hub with a live session of alice's, who may connect to `barn`. */
function live(services: string[] = []): Live {
  const identities = auth([identity("late", "user", { expiresAtMs: Date.UTC(2026, 7, 1, 10) })]);
  const grant = (id: string) => ({ token: `${id}-token`, services });
  const barn = acl({ registerToken: "agent-token", connect: [grant("alice"), grant("late")] });
  const hub = new HubRig({ ...identities, machines: new Map([["barn", barn]]) });
  const agent = hub.sockets.agent("barn", { token: "agent-token", ...SERVICES });
  return { hub, agent, ...pair(hub, agent, "alice-token") };
}

function pair(hub: HubRig, agent: FakeConnection, token: string) {
  const client = hub.sockets.client("barn", { token });
  const [request] = agent.takeMessages() as Record<string, unknown>[];
  const joined = hub.sockets.dial();
  joined.text({ type: "session-join", machineId: "barn", sessionId: request!.sessionId });
  client.takeMessages();
  joined.takeMessages();
  return { client, joined, request: request! };
}

function assertEnded({ client, joined }: Pick<Live, "client" | "joined">, reason: string): void {
  const message = `Access denied: ${reason}`;
  assert.deepEqual(client.takeMessages(), [{ type: "error", message }]);
  assert.deepEqual(client.closings, [`close 1008 ${message}`]);
  assert.deepEqual(joined.takeMessages(), [{ type: "session-end", final: true }]);
  assert.deepEqual(joined.closings, ["closeNow 1000 session ended"]);
}

function assertAlive({ client, joined, agent }: Pick<Live, "client" | "joined" | "agent">): void {
  client.text("still there");
  assert.deepEqual(joined.sent.splice(0), ["still there"]);
  assert.deepEqual([client, joined, agent].flatMap(({ closings }) => closings), []);
}

const INVALID = "the token is no longer valid";
const GRANT = "/api/admin/access/alice/machines/barn";

const ENDING: [request: string, body: unknown, reason: string][] = [
  ["POST /api/admin/tokens/alice/revoke", undefined, INVALID],
  ["POST /api/admin/rotate/alice", undefined, INVALID],
  ["DELETE /api/admin/access/alice", undefined, INVALID],
  [`DELETE ${GRANT}`, undefined, "may not connect any more"],
  [`PUT ${GRANT}`, { permissions: ["manage"] }, "may not connect any more"],
  [
    `PUT ${GRANT}`,
    { permissions: ["connect"], services: ["SSH"] },
    "may reach fewer services now; connect again",
  ],
];

for (const [request, body, reason] of ENDING) {
  Deno.test(`${request} ${JSON.stringify(body) ?? ""} ends the live session: ${reason} (hub 82)`, async () => {
    const session = live();
    const { hub, agent } = session;
    const other = pair(hub, agent, "owner-token");
    assert.equal((await hub.ask(request, { ...OWNER, body })).status, 200);
    assertEnded(session, reason);
    assertAlive({ ...other, agent });
    const closed = hub.sockets.audited.filter(({ event }) => event === "session-close");
    assert.deepEqual(
      closed.map(({ identity, machine, source, reason }) => [identity, machine, source, reason]),
      [["alice", "barn", "192.0.2.7:40000", reason]],
    );
    hub.close();
  });
}

const HARMLESS: [request: string, body: unknown][] = [
  ["PATCH /api/admin/access/alice", { id: "al" }],
  ["PATCH /api/admin/access/alice", { role: "admin" }],
  ["PATCH /api/admin/access/alice", { role: "viewer" }],
  ["PUT /api/admin/access/agent/machines/shed", { permissions: ["connect"] }],
  ["DELETE /api/admin/access/viewer", undefined],
  ["POST /api/admin/tokens", { id: "bob" }],
  [`PUT ${GRANT}`, { permissions: ["connect", "manage"] }],
];

for (const [request, body] of HARMLESS) {
  Deno.test(`${request} ${JSON.stringify(body) ?? ""} leaves the live session alone (hub 28)`, async () => {
    const session = live();
    assert.ok((await session.hub.ask(request, { ...OWNER, body })).status < 300);
    assertAlive(session);
    session.hub.close();
  });
}

Deno.test("a token that comes to its end takes its session along, within a second (hub 15)", async () => {
  const { hub, agent, ...first } = live();
  const late = pair(hub, agent, "late-token");
  hub.sockets.clock.advance(3_600_000);
  assertAlive({ ...late, agent });
  hub.sockets.clock.advance(1);
  assertEnded(late, INVALID);
  assertAlive({ ...first, agent });
  assert.equal((await hub.ask("GET /api/status", { token: "late-token" })).status, 401);
  hub.close();
});

const REGISTRAR: [request: string, body: unknown, reason: string][] = [
  ["POST /api/admin/tokens/agent/revoke", undefined, INVALID],
  ["POST /api/admin/rotate/agent", undefined, INVALID],
  ["DELETE /api/admin/access/agent", undefined, INVALID],
  ["DELETE /api/admin/access/agent/machines/barn", undefined, "may not register any more"],
  ["PATCH /api/admin/access/agent", { role: "viewer" }, "may not register any more"],
  [`PUT ${GRANT}`, { permissions: ["register", "connect"] }, "may not register any more"],
];

for (const [request, body, reason] of REGISTRAR) {
  Deno.test(`${request} ends the agent's control socket and the machine's sessions: ${reason}`, async () => {
    const { hub, agent, client, joined } = live();
    assert.equal((await hub.ask(request, { ...OWNER, body })).status, 200);
    const message = `Access denied: ${reason}`;
    assert.deepEqual(agent.takeMessages(), [{ type: "error", message }]);
    assert.deepEqual(agent.closings, [`close 1008 ${message}`]);
    assert.deepEqual(client.takeMessages(), [{ type: "peer-leave" }]);
    assert.deepEqual(client.closings, ["closeNow 1001 agent disconnected"]);
    assert.deepEqual(joined.takeMessages(), [{ type: "session-end", final: true }]);
    const { body: { machines } } = await hub.ask("GET /api/status", OWNER);
    assert.deepEqual(
      machines.map((m: Record<string, unknown>) => [m.agentConnected, m.sessionCount]),
      [[false, 0]],
    );
    hub.close();
  });
}

const PORTS: [services: string[], allowedPorts: number[] | undefined][] = [
  [[], undefined],
  [["SSH"], [22]],
  [["HTTP", "port-3000", "nothing"], [80, 3000]],
  [["port 3000"], [3000]],
  [["ssh"], []],
];

for (const [services, allowedPorts] of PORTS) {
  Deno.test(`a grant of [${services}] allows the ports ${allowedPorts ?? "of the machine"} (hub 7, 8)`, () => {
    const { hub, request } = live(services);
    assert.deepEqual(request.allowedPorts, allowedPorts);
    hub.close();
  });
}

Deno.test("a wider grant leaves the session alone; one moved to another service ends it", async () => {
  const session = live(["SSH"]);
  const put = (services: string[]) =>
    session.hub.ask(`PUT ${GRANT}`, { ...OWNER, body: { permissions: ["connect"], services } });
  await put(["HTTP", "SSH"]);
  assertAlive(session);
  await put(["HTTP"]);
  assertEnded(session, "may reach fewer services now; connect again");
  session.hub.close();
});

Deno.test("a machine that gives a granted name to another port ends the session on the old one", () => {
  const session = live(["SSH"]);
  const { hub, agent } = session;
  const services = [{ port: 2222, name: "SSH" }, { port: 22, name: "secret" }];
  agent.text({
    type: "register",
    agentId: "agent-1",
    machineName: "barn",
    token: "agent-token",
    services,
  });
  assertEnded(session, "may reach fewer services now; connect again");
  hub.close();
});

for (const lose of ["client", "joined", "agent"] as const) {
  Deno.test(`a session whose ${lose} socket is gone, and which may go on directly, is ended at the agent`, async () => {
    const session = live();
    const { hub, agent } = session;
    session[lose].leave();
    await hub.sockets.settle();
    await hub.ask("POST /api/admin/tokens/viewer/revoke", OWNER);
    assert.deepEqual(agent.takeMessages(), [], "the right is still there");
    await hub.ask("POST /api/admin/tokens/alice/revoke", OWNER);
    const told = { type: "session-end", final: true, wgPubKey: "c1" };
    if (lose === "agent") {
      const fields = { agentId: "agent-1", machineName: "barn", token: "agent-token" };
      const back = hub.sockets.dial();
      back.text({ type: "register", ...fields });
      assert.deepEqual(back.takeMessages()[1], told, "when it is back");
    } else {
      assert.deepEqual(agent.takeMessages(), [told]);
      await hub.ask("POST /api/admin/tokens/viewer/revoke", OWNER);
      assert.deepEqual(agent.takeMessages(), [], "once");
    }
    hub.close();
  });
}

Deno.test("a session whose client is back is not ended twice", async () => {
  const { hub, agent, client } = live();
  client.leave();
  await hub.sockets.settle();
  const back = pair(hub, agent, "alice-token");
  await hub.ask("POST /api/admin/tokens/alice/revoke", OWNER);
  assertEnded(back, INVALID);
  assert.deepEqual(agent.takeMessages(), []);
  hub.close();
});

Deno.test("a client that waits for the agent when its right goes is not paired any more", async () => {
  const { hub, agent } = live();
  const waiting = hub.sockets.client("barn", { token: "alice-token" });
  const [{ sessionId }] = agent.takeMessages() as [{ sessionId: string }];
  await hub.ask("POST /api/admin/tokens/alice/revoke", OWNER);
  assert.deepEqual(waiting.closings, [`close 1008 Access denied: ${INVALID}`]);
  const joining = hub.sockets.dial();
  joining.text({ type: "session-join", machineId: "barn", sessionId });
  assert.deepEqual(joining.takeMessages(), [{ type: "error", message: "Session not found" }]);
  hub.close();
});
