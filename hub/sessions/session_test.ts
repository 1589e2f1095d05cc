import assert from "node:assert/strict";
import type { AuthConfig } from "../config/mod.ts";
import { type FakeConnection, SwitchboardRig } from "../testing/mod.ts";

const none = { issuedAtMs: undefined, expiresAtMs: undefined, revokedAtMs: undefined };
const SECURED: AuthConfig = {
  tokens: [
    { ...none, id: "owner", token: "owner-token", role: "owner" },
    { ...none, id: "alice", token: "alice-token", role: "user" },
  ],
  machines: new Map(),
};

type Request = { type: string; sessionId: string; sessionIdx: number; wgPubKey: string };

function assertRefused(peer: FakeConnection, message: string): void {
  assert.deepEqual(peer.takeMessages(), [{ type: "error", message }]);
  assert.deepEqual(peer.closings, [`close 1008 ${message}`]);
}

Deno.test("connect to an unknown or offline machine is refused (wire 11)", async () => {
  const rig = new SwitchboardRig();
  assertRefused(rig.client("nosuch"), "Machine not found");
  rig.agent().leave();
  await rig.settle();
  assertRefused(rig.client(), "Machine not found");
});

Deno.test("connect tells nothing of machines to those without permission (hub 17)", () => {
  const rig = new SwitchboardRig({ auth: SECURED });
  rig.agent("barn", { token: "owner-token" });
  for (const machine of ["barn", "nosuch"]) {
    for (const token of [undefined, "", "wrong", "alice-token"]) {
      assertRefused(rig.client(machine, { token }), "Access denied");
    }
  }
  assertRefused(rig.client("nosuch", { token: "owner-token" }), "Machine not found");
  assert.equal(
    rig.history.newestFirst().filter(({ event }) => event !== "agent-register").length,
    0,
  );
});

Deno.test("connect on an open hub needs the token that the agent gave (wire 12)", () => {
  const rig = new SwitchboardRig();
  const agent = rig.agent("barn", { token: "x" });
  assertRefused(rig.client("barn", { token: "y" }), "Invalid token");
  assertRefused(rig.client("barn"), "Invalid token");
  rig.client("barn", { token: "x" });
  assert.equal(agent.takeMessages().length, 1);
});

Deno.test("a session is set up in the order of the specification (wire 13, 14, 15)", () => {
  const rig = new SwitchboardRig();
  const agent = rig.agent();
  const client = rig.client("barn", { wgPubKey: "k".repeat(64) });
  const [request, ...more] = agent.takeMessages() as Request[];
  assert.deepEqual(more, []);
  assert.match(request!.sessionId, /^[0-9a-f]{16}$/);
  assert.deepEqual(
    { ...request, sessionId: "" },
    { type: "session-request", sessionId: "", sessionIdx: 1, wgPubKey: "k".repeat(64) },
  );
  assert.deepEqual(client.sent, [], "nothing is sent to the client before pairing");
  const joined = rig.dial();
  joined.text({ type: "session-join", machineId: "barn", sessionId: request!.sessionId });
  assert.deepEqual(joined.takeMessages(), [{ type: "session-start", wgPubKey: "k".repeat(64) }]);
  assert.deepEqual(client.takeMessages(), [{ type: "ready", sessionIdx: 1 }]);
});

Deno.test("a client without a key gives an empty one in the request and none in the start", () => {
  const rig = new SwitchboardRig();
  const agent = rig.agent();
  rig.client("barn", { wgPubKey: undefined });
  const [request] = agent.takeMessages() as Request[];
  assert.equal(request!.wgPubKey, "");
  const joined = rig.dial();
  joined.text({ type: "session-join", machineId: "barn", sessionId: request!.sessionId });
  assert.deepEqual(joined.takeMessages(), [{ type: "session-start" }]);
});

Deno.test("a client whose agent does not join within 30 s is dismissed (wire 17)", () => {
  const rig = new SwitchboardRig();
  const agent = rig.agent();
  const client = rig.client();
  const [request] = agent.takeMessages() as Request[];
  rig.clock.advance(29_999);
  assert.deepEqual(client.closings, []);
  rig.clock.advance(1);
  assert.deepEqual(client.closings, ["closeNow 1001 agent did not join session"]);
  const late = rig.dial();
  late.text({ type: "session-join", machineId: "barn", sessionId: request!.sessionId });
  assertRefused(late, "Session not found");
});

Deno.test("session-join is refused for what does not exist and needs no token (wire 18)", () => {
  const rig = new SwitchboardRig({ auth: SECURED });
  const agent = rig.agent("barn", { token: "owner-token" });
  rig.agent("shed", { token: "owner-token" });
  rig.client("barn", { token: "owner-token" });
  const [{ sessionId }] = agent.takeMessages() as [Request];
  const join = (machineId: string, id: string) => {
    const socket = rig.dial();
    socket.text({ type: "session-join", machineId, sessionId: id });
    return socket;
  };
  assertRefused(join("nosuch", sessionId), "Machine not found");
  assertRefused(join("barn", "0000000000000000"), "Session not found");
  assertRefused(join("shed", sessionId), "Session not found");
  assert.deepEqual(join("barn", sessionId).takeMessages(), [{
    type: "session-start",
    wgPubKey: "c1",
  }]);
});

Deno.test("a second session-join takes the place of the first", async () => {
  const rig = new SwitchboardRig();
  const agent = rig.agent();
  const client = rig.client();
  const [{ sessionId }] = agent.takeMessages() as [Request];
  const [first, second] = [rig.dial(), rig.dial()];
  for (const socket of [first, second]) {
    socket.text({ type: "session-join", machineId: "barn", sessionId });
  }
  await rig.settle();
  assert.deepEqual(first.closings, ["abort"]);
  assert.deepEqual(client.closings, []);
  assert.equal(client.takeMessages().length, 2, "ready, twice");
  second.takeMessages();
  client.text("hello");
  assert.deepEqual(second.sent, ["hello"]);
});

Deno.test("what is not JSON before pairing closes the socket, unknown types do not (wire 19)", () => {
  const rig = new SwitchboardRig();
  for (const text of ["hello", "", "[]", "null", '{"type":"register","agentId":1}']) {
    const peer = rig.dial();
    peer.text(text);
    assert.deepEqual(peer.closings, ["closeNow 1002 Expected JSON for first message"], text);
    assert.deepEqual(peer.sent, []);
  }
  const binary = rig.dial();
  binary.binary(new Uint8Array([0x54, 0, 0, 0, 0, 0, 0, 1]));
  assert.deepEqual(binary.closings, ["closeNow 1002 Expected JSON for first message"]);
  const patient = rig.dial();
  for (const type of ["keepalive", "x-custom", "ready", "mgmt-response"]) patient.text({ type });
  patient.text("{}");
  assert.deepEqual([patient.sent, patient.closings], [[], []]);
  patient.text({ type: "register", agentId: "a", machineName: "m" });
  assert.deepEqual(patient.takeMessages(), [{ type: "registered", machineId: "m" }]);
});

Deno.test("what is not JSON on a control socket takes the machine offline (wire 19)", async () => {
  const rig = new SwitchboardRig();
  const agent = rig.agent();
  agent.text("oops");
  await rig.settle();
  assert.deepEqual(agent.closings, ["closeNow 1002 Expected JSON for first message"]);
  assert.equal(rig.registry.byName("barn")!.isOnline, false);
});

Deno.test("a socket that does not say what it is within 30 s is closed", () => {
  const rig = new SwitchboardRig();
  const [silent, agent] = [rig.dial(), rig.agent()];
  rig.clock.advance(30_000);
  assert.deepEqual(silent.closings, ["close 1008 no register, connect or session-join in time"]);
  assert.deepEqual(agent.closings, []);
});

Deno.test("the 255th concurrent session is refused and freed indices are reused (wire 32, hub 81)", async () => {
  const rig = new SwitchboardRig();
  const agent = rig.agent();
  const clients = Array.from({ length: 254 }, () => rig.client());
  const indices = (agent.takeMessages() as Request[]).map(({ sessionIdx }) => sessionIdx);
  assert.deepEqual(indices, Array.from({ length: 254 }, (_, i) => i + 1));
  assertRefused(rig.client(), "Too many sessions for this machine (max 254)");
  for (const leaving of [200, 7, 90]) clients[leaving - 1]!.leave();
  await rig.settle();
  rig.client();
  rig.client();
  const reused = (agent.takeMessages() as Request[]).map(({ sessionIdx }) => sessionIdx);
  assert.deepEqual(reused, [7, 90]);
});

Deno.test("600 sessions one after the other keep working (wire 32)", async () => {
  const rig = new SwitchboardRig();
  const agent = rig.agent();
  for (let i = 0; i < 600; i++) {
    const client = rig.client();
    const [request] = agent.takeMessages() as Request[];
    assert.equal(request!.sessionIdx, 1);
    client.leave();
    await rig.settle();
  }
  assert.equal(rig.switchboard.sessionCount(rig.registry.byName("barn")!), 0);
});

Deno.test("the history tells which services a client asked for", async () => {
  const rig = new SwitchboardRig();
  const services = [{ port: 22 }, { port: 3389 }, { port: 5300, name: "bench" }];
  const agent = rig.agent("barn", { services });
  const client = rig.client("barn", { ports: [22, 5300, 9] });
  rig.client("barn");
  const joined = rig.dial();
  const [{ sessionId }] = agent.takeMessages() as [Request];
  joined.text({ type: "session-join", machineId: "barn", sessionId });
  client.leave();
  await rig.settle();
  assert.deepEqual(
    rig.history.newestFirst().map(({ event, detail }) => `${event} ${detail}`).slice(0, 3),
    [
      "client-disconnect services=SSH:22,bench:5300,9",
      "client-connect services=SSH:22,RDP:3389,bench:5300",
      "client-connect services=SSH:22,bench:5300,9",
    ],
  );
});
