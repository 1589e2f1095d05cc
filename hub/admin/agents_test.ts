import assert from "node:assert/strict";
import { acl, HubRig, type RigRequest } from "../testing/mod.ts";
import { auth } from "./_fixture.ts";

const OWNER: RigRequest = { token: "owner-token" };

function setUp() {
  const identities = auth();
  const machines = new Map([
    ["barn", acl({ registerToken: "agent-token", manageTokens: ["alice-token"] })],
    ["shed", acl({ connect: [{ token: "alice-token", services: [] }] })],
  ]);
  const hub = new HubRig({ ...identities, machines });
  return { hub, agent: hub.sockets.agent("barn", { token: "agent-token" }) };
}

/** Asks, and gives what the agent was asked and the answer to come. */
async function asking(
  { hub, agent }: ReturnType<typeof setUp>,
  request: string,
  options: RigRequest = {},
) {
  const answer = hub.ask(request, { ...OWNER, ...options });
  await hub.sockets.settle();
  for (let turn = 0; turn < 20 && agent.sent.length === 0; turn++) await Promise.resolve();
  const [asked] = agent.takeMessages() as Record<string, unknown>[];
  return { answer, asked, requestId: asked?.requestId as string };
}

Deno.test("a request goes to the agent and its whole answer comes back as it is (hub 50, wire 2.8)", async () => {
  const rig = setUp();
  const get = await asking(rig, "GET /api/admin/agents/barn/config-get");
  assert.match(get.requestId, /^[0-9a-f]{16}$/);
  const { requestId } = get;
  assert.deepEqual(get.asked, { type: "mgmt-request", requestId, action: "config-get" });
  const text = `{ "type":"mgmt-response", "requestId":"${requestId}", "ok":false, "x":1e400 }`;
  rig.agent.text(text);
  const response = await get.answer;
  assert.equal(response.status, 200);
  assert.equal(response.headers.get("content-type"), "application/json");
  assert.equal(response.body.ok, false);

  const body = '{"lines": 12345678901234567890}';
  const post = rig.hub.ask("POST /api/admin/agents/barn/a/b%2Fc", { ...OWNER, body });
  while (rig.agent.sent.length === 0) await Promise.resolve();
  const sent = rig.agent.sent.pop() as string;
  assert.ok(sent.includes(`"payload":${body}`), "numbers are not rounded");
  const second = JSON.parse(sent);
  assert.equal(second.action, "a/b/c");
  rig.agent.text({ type: "mgmt-response", requestId: second.requestId, ok: true });
  assert.equal((await post).status, 200);
  rig.hub.close();
});

Deno.test("only the control socket that was asked can answer", async () => {
  const rig = setUp();
  const { answer, requestId } = await asking(rig, "POST /api/admin/agents/barn/restart");
  const forged = { type: "mgmt-response", requestId, ok: true, message: "forged" };
  const stranger = rig.hub.sockets.dial();
  stranger.text(forged);
  const other = rig.hub.sockets.agent("other", { token: "owner-token" });
  other.text(forged);
  rig.agent.text({ ...forged, requestId: "0".repeat(16), message: "another request" });
  rig.agent.text({ ...forged, message: "mine" });
  assert.equal((await answer).body.message, "mine");
  rig.agent.text({ ...forged, message: "again" });
  rig.hub.close();
});

Deno.test("an agent that is silent for 30 s is 504, one that goes is 502 (hub 49)", async () => {
  const rig = setUp();
  const silent = await asking(rig, "GET /api/admin/agents/barn/logs");
  rig.hub.sockets.clock.advance(30_000);
  assert.equal((await silent.answer).status, 504);
  const going = await asking(rig, "GET /api/admin/agents/barn/logs");
  rig.agent.leave();
  assert.equal((await going.answer).status, 502);
  assert.equal((await rig.hub.ask("GET /api/admin/agents/barn/logs", OWNER)).status, 503);
  rig.hub.close();
});

Deno.test("an agent that does not read is not asked", async () => {
  const rig = setUp();
  rig.agent.stall(2 * 1024 * 1024);
  assert.equal((await rig.hub.ask("GET /api/admin/agents/barn/logs", OWNER)).status, 502);
  rig.hub.close();
});

Deno.test("a bounded number of requests waits for one agent", async () => {
  const rig = setUp();
  const answers = Array.from(
    { length: 40 },
    () => rig.hub.ask("GET /api/admin/agents/barn/logs", OWNER),
  );
  for (let turn = 0; turn < 50; turn++) await Promise.resolve();
  assert.equal(rig.agent.takeMessages().length, 32);
  rig.agent.leave();
  const statuses = (await Promise.all(answers)).map(({ status }) => status);
  assert.deepEqual(statuses.toSorted(), [...Array(32).fill(502), ...Array(8).fill(503)]);
  rig.hub.close();
});

const STATUSES: [request: string, token: string, body: unknown, status: number][] = [
  ["GET /api/admin/agents/", "owner-token", undefined, 400],
  ["GET /api/admin/agents//logs", "owner-token", undefined, 400],
  ["GET /api/admin/agents/barn/", "owner-token", undefined, 400],
  ["GET /api/admin/agents/barn/", "wrong", undefined, 400],
  ["GET /api/admin/agents/nowhere/logs", "agent-token", undefined, 403],
  ["GET /api/admin/agents/nowhere/logs", "wrong", undefined, 403],
  ["GET /api/admin/agents/nowhere/logs", "owner-token", undefined, 404],
  ["GET /api/admin/agents/shed/logs", "alice-token", undefined, 403],
  ["POST /api/admin/agents/barn/config-set", "alice-token", "not json", 400],
  ["POST /api/admin/agents/barn/config-set", "owner-token", '"\ud800', 400],
  ["POST /api/admin/agents/barn/logs", "owner-token", "x".repeat(65_537), 413],
  ["POST /api/admin/agents/barn", "owner-token", undefined, 405],
];

for (const [request, token, body, status] of STATUSES) {
  Deno.test(`${request} with ${token} and ${String(body).slice(0, 10)} is ${status} (hub 49, 51)`, async () => {
    const { hub, agent } = setUp();
    const answer = await hub.ask(request, { token, body });
    assert.equal(answer.status, status);
    assert.equal(typeof answer.body.error, "string");
    assert.deepEqual(agent.takeMessages(), []);
    hub.close();
  });
}

Deno.test("a blank in a machine's name may be written as + (hub 1.0)", async () => {
  const { hub } = setUp();
  const agent = hub.sockets.agent("a b", { token: "owner-token" });
  for (const name of ["a+b", "a%20b"]) {
    const answer = hub.ask(`GET /api/admin/agents/${name}/logs`, OWNER);
    while (agent.sent.length === 0) await Promise.resolve();
    const [{ requestId }] = agent.takeMessages() as [{ requestId: string }];
    agent.text({ type: "mgmt-response", requestId, ok: true });
    assert.equal((await answer).status, 200);
    assert.equal((await hub.ask(`GET /api/admin/agents/${name}`, OWNER)).body.id, "a b");
  }
  hub.close();
});

Deno.test("presence shows three fields; hidden and unknown machines are both 404 (hub 48)", async () => {
  const { hub, agent } = setUp();
  const presence = (token?: string, machine = "barn") =>
    hub.ask(`GET /api/admin/agents/${machine}`, { token });
  const expected = { id: "barn", agentConnected: true, lastSeen: "2026-08-01T09:00:00Z" };
  assert.deepEqual((await presence("owner-token")).body, expected);
  assert.deepEqual((await presence("viewer-token")).body, expected);
  for (const token of ["alice-token", "wrong", undefined]) {
    assert.equal((await presence(token)).status, 404);
  }
  assert.equal((await presence("owner-token", "nowhere")).status, 404);
  agent.leave();
  await hub.sockets.settle();
  assert.equal((await presence("owner-token")).body.agentConnected, false);
  hub.close();
});

Deno.test("on an open hub anybody may ask agents (hub 13)", async () => {
  const hub = new HubRig({ tokens: [], machines: new Map() });
  const agent = hub.sockets.agent("barn");
  assert.equal((await hub.ask("GET /api/admin/agents/barn")).status, 200);
  const { answer, requestId } = await asking({ hub, agent }, "GET /api/admin/agents/barn/logs", {
    token: undefined,
  });
  agent.text({ type: "mgmt-response", requestId, ok: true });
  assert.equal((await answer).status, 200);
  hub.close();
});

Deno.test("what agents are asked is recorded, and how it went", async () => {
  const rig = setUp();
  const { answer } = await asking(rig, "POST /api/admin/agents/barn/restart", {
    token: "alice-token",
  });
  rig.hub.sockets.clock.advance(30_000);
  await answer;
  await rig.hub.ask("POST /api/admin/agents/barn/restart", { token: "agent-token" });
  const source = "192.0.2.7:4711";
  assert.deepEqual(rig.hub.sockets.audited.slice(1), [
    {
      event: "management",
      result: "failed",
      identity: "alice",
      machine: "barn",
      source,
      detail: "restart",
      reason: "timeout",
    },
    {
      event: "denial",
      result: "refused",
      identity: "agent",
      machine: "barn",
      source,
      reason: "may not manage",
    },
  ]);
  rig.hub.close();
});

Deno.test("what an agent refuses, or is not there to do, is recorded as failed", async () => {
  const rig = setUp();
  const outcomes = () =>
    rig.hub.sockets.audited.filter(({ event }) => event === "management")
      .map(({ result, reason, detail }) => [result, reason, detail]);
  for (const ok of [false, true]) {
    const { answer, requestId } = await asking(rig, "POST /api/admin/agents/barn/config-set");
    rig.agent.text({ type: "mgmt-response", requestId, ok });
    assert.equal((await answer).status, 200);
  }
  rig.agent.leave();
  await rig.hub.sockets.settle();
  assert.equal((await rig.hub.ask("POST /api/admin/agents/barn/restart", OWNER)).status, 503);
  assert.deepEqual(outcomes(), [
    ["failed", "agent refused", "config-set"],
    ["ok", undefined, "config-set"],
    ["failed", "offline", "restart"],
  ]);
  rig.hub.close();
});

const FORGED: [what: string, request: string, headers: Record<string, string>][] = [
  ["a form", "POST", { origin: "https://evil.example" }],
  ["a page without an origin", "POST", { origin: "null" }],
  ["a link", "GET", { "sec-fetch-site": "cross-site" }],
  ["a page of a sister host", "GET", { "sec-fetch-site": "same-site" }],
];

for (const [what, method, headers] of FORGED) {
  Deno.test(`no agent is asked by ${what} elsewhere that has the browser send a cookie`, async () => {
    const rig = setUp();
    const path = `${method} /api/admin/agents/barn/restart`;
    const cookie = { cookie: "tela_viewer=alice-token", host: "hub" };
    const forged = { ...cookie, ...headers };
    assert.equal((await rig.hub.ask(path, { headers: forged })).status, 403);
    assert.deepEqual(rig.agent.takeMessages(), []);
    const own = { ...cookie, origin: "https://hub", "sec-fetch-site": "same-origin" };
    const { answer, requestId } = await asking(rig, path, { token: undefined, headers: own });
    rig.agent.text({ type: "mgmt-response", requestId, ok: true });
    assert.equal((await answer).status, 200);
    rig.hub.close();
  });
}
