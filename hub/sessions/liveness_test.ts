import assert from "node:assert/strict";
import { type FakeConnection, SwitchboardRig } from "../testing/mod.ts";

/** All of these ping every `gapMs` for `forMs`. */
function keepPinging(
  rig: SwitchboardRig,
  peers: readonly FakeConnection[],
  { gapMs, forMs }: { gapMs: number; forMs: number },
): void {
  for (let passedMs = 0; passedMs < forMs; passedMs += gapMs) {
    for (const peer of peers) peer.pinged();
    rig.clock.advance(gapMs);
  }
}

function session() {
  const rig = new SwitchboardRig();
  const control = rig.agent();
  return { rig, control, ...rig.pair(control) };
}

Deno.test("an agent of ours that falls silent is offline within 10 s, its sessions ended (wire 26)", async () => {
  const { rig, control, client, joined } = session();
  keepPinging(rig, [control, client, joined], { gapMs: 4000, forMs: 20_000 });
  keepPinging(rig, [client], { gapMs: 1000, forMs: 6500 });
  await rig.settle();
  assert.deepEqual(control.closings, ["abort"]);
  assert.deepEqual(client.closings, ["closeNow 1001 agent disconnected"]);
  assert.equal(rig.registry.byName("barn")!.isOnline, false);
  assert.match(rig.lines.join("\n"), /silent, given up: control, from 192\.0\.2\.7:40000/);
});

Deno.test("a client of ours that falls silent ends its session within 10 s (wire 25)", async () => {
  const { rig, control, client, joined } = session();
  keepPinging(rig, [control, client, joined], { gapMs: 4000, forMs: 20_000 });
  keepPinging(rig, [control, joined], { gapMs: 1000, forMs: 6500 });
  await rig.settle();
  assert.deepEqual(client.closings, ["abort"]);
  assert.deepEqual(joined.takeMessages(), [{ type: "session-end" }]);
  assert.ok(rig.registry.byName("barn")!.isOnline);
});

Deno.test("peers that ping every 20 s are not cut within 45 s of silence, but within a minute (wire 1.3)", async () => {
  const { rig, control, client, joined } = session();
  keepPinging(rig, [control, client, joined], { gapMs: 20_000, forMs: 60_000 });
  rig.clock.advance(25_500);
  await rig.settle();
  assert.deepEqual([control.closings, client.closings, joined.closings], [[], [], []]);
  rig.clock.advance(14_500);
  await rig.settle();
  assert.deepEqual(control.closings, ["abort"]);
  assert.notDeepEqual(client.closings, []);
});

Deno.test("peers that never ping are left alone (wire 1.3)", async () => {
  const { rig, control, client, joined } = session();
  rig.clock.advance(24 * 3600 * 1000);
  await rig.settle();
  assert.deepEqual([control.closings, client.closings, joined.closings], [[], [], []]);
});

Deno.test("300 sessions that come back at once after a restart all get through, lowest index first", async () => {
  const rig = new SwitchboardRig();
  const machines = ["m0", "m1", "m2"];
  const agents = machines.map((name) => rig.agent(name, { agentId: name }));
  // Every client dials before any agent joins, and agents join in another order than asked.
  const clients = Array.from({ length: 300 }, (_, i) => rig.client(machines[i % 3]!));
  const requests = agents.map((agent) => agent.takeMessages() as SessionRequest[]);
  assert.deepEqual(requests.map(({ length }) => length), [100, 100, 100]);
  for (const [i, each] of requests.entries()) {
    assert.deepEqual(each.map(({ sessionIdx }) => sessionIdx), upTo(100));
    for (const { sessionId } of each.toReversed()) {
      rig.dial().text({ type: "session-join", machineId: machines[i], sessionId });
    }
  }
  await rig.settle();
  const indices = clients.map((client) => (client.takeMessages()[0] as SessionRequest).sessionIdx);
  assert.deepEqual(indices, Array.from({ length: 300 }, (_, i) => Math.floor(i / 3) + 1));
  for (const name of machines) {
    assert.equal(rig.switchboard.sessionCount(rig.registry.byName(name)!), 100);
  }
  clients[0]!.leave();
  clients[30]!.leave();
  await rig.settle();
  const [again, more, next] = [rig.client("m0"), rig.client("m0"), rig.client("m0")];
  const asked = agents[0]!.takeMessages() as SessionRequest[];
  assert.deepEqual(asked.map(({ sessionIdx }) => sessionIdx), [1, 11, 101]);
  assert.deepEqual([again, more, next].flatMap(({ closings }) => closings), []);
});

interface SessionRequest {
  sessionId: string;
  sessionIdx: number;
}

function upTo(last: number): number[] {
  return Array.from({ length: last }, (_, i) => i + 1);
}
