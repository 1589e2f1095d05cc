import assert from "node:assert/strict";
import { SwitchboardRig } from "../testing/mod.ts";

const none = { issuedAtMs: undefined, expiresAtMs: undefined, revokedAtMs: undefined };
const SECURED = {
  tokens: [{ ...none, id: "owner", token: "owner-token", role: "owner" as const }],
  machines: new Map(),
};

function refusal(message: string): { sent: unknown[]; closings: string[] } {
  return { sent: [{ type: "error", message }], closings: [`close 1008 ${message}`] };
}

Deno.test("register without agentId is refused (wire 5)", () => {
  const rig = new SwitchboardRig();
  const agent = rig.dial();
  agent.text({ type: "register", machineName: "barn" });
  assert.deepEqual(
    { sent: agent.takeMessages(), closings: agent.closings },
    refusal("register: agentId is required"),
  );
});

Deno.test("register with a bad token is refused and changes nothing (wire 6, hub 15)", () => {
  const rig = new SwitchboardRig({ auth: SECURED });
  const first = rig.agent("barn", { token: "owner-token", displayName: "Barn" });
  for (const token of [undefined, "", "owner-toke", "owner-token2"]) {
    const agent = rig.dial();
    agent.text({
      type: "register",
      agentId: "agent-1",
      machineName: "barn",
      displayName: "X",
      token,
    });
    assert.deepEqual(
      { sent: agent.takeMessages(), closings: agent.closings },
      refusal("Access denied"),
    );
  }
  const machine = rig.registry.byName("barn")!;
  assert.ok(machine.isOnline);
  assert.equal(machine.text("displayName"), "Barn");
  assert.deepEqual(first.closings, []);
});

Deno.test("registered names the machine and carries defaultUpdate if configured (wire 7)", () => {
  const plain = new SwitchboardRig().dial.bind(new SwitchboardRig())();
  plain.text({ type: "register", agentId: "a", machineName: "barn" });
  assert.deepEqual(plain.takeMessages(), [{ type: "registered", machineId: "barn" }]);

  const defaultUpdate = { channel: "stable", sources: { stable: "https://x/" } };
  const agent = new SwitchboardRig({ defaultUpdate }).dial();
  agent.text('{"type":"register","AGENTID":"a","machineName":"barn","ports":null}\n');
  assert.deepEqual(agent.takeMessages(), [{
    type: "registered",
    machineId: "barn",
    defaultUpdate,
  }]);
});

Deno.test("register on a second socket cuts the first and keeps machine and sessions (wire 9)", async () => {
  const rig = new SwitchboardRig();
  const first = rig.agent();
  const { client, joined } = rig.pair(first);
  const second = rig.agent();
  await rig.settle();
  assert.deepEqual(first.closings, ["abort"]);
  assert.ok(rig.registry.byName("barn")!.isOnline);
  assert.deepEqual([client.closings, joined.closings], [[], []]);
  rig.client();
  assert.equal(second.takeMessages().length, 1, "requests go to the second socket");
});

Deno.test("register again on the same socket is answered again", () => {
  const rig = new SwitchboardRig();
  const agent = rig.agent("barn", { ports: [22] });
  agent.text({ type: "register", agentId: "agent-1", machineName: "barn", ports: [80] });
  assert.deepEqual(agent.takeMessages(), [{ type: "registered", machineId: "barn" }]);
  assert.deepEqual(rig.registry.byName("barn")!.ports, [80]);
  assert.deepEqual(agent.closings, []);
});

Deno.test("an agent that registers without end gets two lines of the log a minute", () => {
  const rig = new SwitchboardRig();
  const agent = rig.agent();
  for (let i = 0; i < 1000; i++) {
    agent.text({ type: "register", agentId: "agent-1", machineName: "barn" });
  }
  rig.clock.advance(60_000);
  const lines = rig.lines.map((line) => line.replace(/^.*\[hub\] /, ""));
  assert.deepEqual(lines.filter((line) => line.startsWith("registered")), [
    'registered: "barn", from 192.0.2.7:40000',
    'registered: 1000 more of "barn" within 60 s',
  ]);
});

Deno.test("register of another machine on the same socket takes the first one offline", async () => {
  const rig = new SwitchboardRig();
  const agent = rig.agent("barn");
  const { client } = rig.pair(agent);
  agent.text({ type: "register", agentId: "agent-1", machineName: "shed" });
  await rig.settle();
  assert.equal(rig.registry.byName("barn")!.isOnline, false);
  assert.equal(rig.registry.byName("shed")!.isOnline, true);
  assert.deepEqual(client.closings, ["closeNow 1001 agent disconnected"]);
});

Deno.test("a renamed machine keeps its sessions (wire 10)", async () => {
  const rig = new SwitchboardRig();
  const agent = rig.agent("old", { machineRegistrationId: "r" });
  const { client } = rig.pair(agent, "old");
  const again = rig.agent("new", { machineRegistrationId: "r" });
  await rig.settle();
  assert.deepEqual(rig.registry.all().map(({ name }) => name), ["new"]);
  assert.deepEqual(client.closings, []);
  assert.equal(rig.switchboard.sessionCount(rig.registry.byName("new")!), 1);
  assert.deepEqual([agent.closings, again.closings], [["abort"], []]);
});

Deno.test("a machine that a rename evicts loses its sockets and sessions", async () => {
  const rig = new SwitchboardRig();
  rig.agent("old", { machineRegistrationId: "r" });
  const inTheWay = rig.agent("new");
  const { client, joined } = rig.pair(inTheWay, "new");
  rig.agent("new", { machineRegistrationId: "r" });
  await rig.settle();
  assert.deepEqual(inTheWay.closings, ["abort"]);
  assert.deepEqual(client.closings, ["closeNow 1001 agent disconnected"]);
  assert.deepEqual(joined.closings, ["abort"]);
});

Deno.test("a registration of more than 64 Ki characters is refused", () => {
  const agent = new SwitchboardRig().dial();
  agent.text({ type: "register", agentId: "a", machineName: "m", owner: "x".repeat(65536) });
  assert.deepEqual(agent.closings, ["close 1008 register: message is too long"]);
});

Deno.test("agents are pinged every 4 s while silent and a pong refreshes lastSeen (wire 34)", () => {
  const rig = new SwitchboardRig();
  const agent = rig.agent();
  const client = rig.client();
  const machine = rig.registry.byName("barn")!;
  const registeredMs = machine.lastSeenMs;
  rig.clock.advance(25_000);
  assert.deepEqual([agent.pings, client.pings], [6, 0]);
  assert.equal(machine.lastSeenMs, registeredMs);
  agent.pong();
  assert.equal(machine.lastSeenMs, registeredMs + 25_000);
});

Deno.test("agents that are heard are pinged every 10 s, and their pings refresh lastSeen (wire 34)", () => {
  const rig = new SwitchboardRig();
  const agent = rig.agent();
  for (let second = 0; second < 30; second++) {
    rig.clock.advance(1000);
    agent.pinged();
  }
  assert.equal(agent.pings, 3);
  assert.equal(rig.registry.byName("barn")!.lastSeenMs, rig.clock.wallMs());
});

Deno.test("an agent that does not read is given up", async () => {
  const rig = new SwitchboardRig();
  const agent = rig.agent();
  agent.stall(1024 * 1024 + 1);
  rig.clock.advance(10_000);
  await rig.settle();
  assert.deepEqual(agent.closings, ["abort"]);
  assert.equal(rig.registry.byName("barn")!.isOnline, false);
});

Deno.test("registrations and losses are in history and log, without tokens (hub 79)", async () => {
  const rig = new SwitchboardRig({ auth: SECURED });
  const agent = rig.agent("barn", { token: "owner-token", ports: [22, 3389] });
  const denied = rig.agent("x\n[forged]", { token: "s3cret" });
  assert.equal(denied.closings.length, 1);
  agent.leave();
  await rig.settle();
  assert.deepEqual(
    rig.history.newestFirst().map(({ event, detail }) => [event, detail]),
    [["agent-disconnect", "agent disconnected"], ["agent-register", "ports=[22 3389]"]],
  );
  const log = rig.lines.join("\n");
  assert.match(log, /^2026-08-01T09:00:00Z \[hub\] registered: "barn", from 192\.0\.2\.7:40000$/m);
  assert.match(log, /register refused: "x\\n\[forged\]", from/);
  assert.doesNotMatch(log, /s3cret|owner-token/);
});
