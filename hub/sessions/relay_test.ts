import assert from "node:assert/strict";
import { decodeHex } from "../../core/bytes/mod.ts";
import { SwitchboardRig } from "../testing/mod.ts";

const KIB = 1024;
const frame = (hex: string) => decodeHex(hex.replaceAll(" ", ""))! as Uint8Array<ArrayBuffer>;

function paired() {
  const rig = new SwitchboardRig();
  const agent = rig.agent();
  return { rig, agent, ...rig.pair(agent) };
}

Deno.test("a paired keepalive is absorbed, a longer text with the word is not (wire 20)", () => {
  const { client, joined } = paired();
  client.text({ type: "keepalive" });
  joined.text('{"type":"keepalive"}\n');
  assert.deepEqual([client.sent, joined.sent], [[], []]);
  const long = JSON.stringify({ type: "keepalive", pad: "x".repeat(80) });
  client.text(long);
  assert.deepEqual(joined.sent, [long]);
});

Deno.test("a paired text arrives as it was sent, whatever it says (wire 21)", () => {
  const { client, joined } = paired();
  const texts = ['{ "type":"x-custom", "a":1.50 }\n', "not json", '{"type":"register"}', "é😀", ""];
  for (const text of texts) client.text(text);
  assert.deepEqual(joined.sent, texts);
  joined.text(texts[0]!);
  assert.deepEqual(client.sent, [texts[0]]);
});

for (const hex of ["01 00 00 00 00 00 00 00", "54 00 00 aa bb cc", ""]) {
  Deno.test(`a paired binary [${hex}] ends the session (wire 22)`, async () => {
    const { rig, client, joined } = paired();
    client.binary(frame(hex));
    await rig.settle();
    assert.deepEqual(client.closings, ["closeNow 1002 relay frame: unsupported version"]);
    assert.deepEqual(joined.sent, ['{"type":"session-end"}']);
    assert.equal(rig.switchboard.sessionCount(rig.registry.byName("barn")!), 0);
    assert.equal(rig.switchboard.stats.invalid, 1);
  });
}

const HOPS: [before: string, after: string | undefined][] = [
  ["54 00 00 84 2b ff c4 01 00 00 00", "54 07 00 84 2b ff c4 01 00 00 00"],
  ["54 05 00 84 2b ff c4 04", "54 04 00 84 2b ff c4 04"],
  ["54 00 01 84 2b ff c4 01", "54 07 01 84 2b ff c4 01"],
  ["54 01 00 84 2b ff c4 04", undefined],
];

for (const [before, after] of HOPS) {
  Deno.test(`a frame ${before.slice(0, 8)} arrives as ${after?.slice(0, 8)} (wire 23, 24)`, () => {
    const { client, joined } = paired();
    const expected = after === undefined ? [] : [frame(after)];
    client.binary(frame(before));
    assert.deepEqual(joined.sent, expected);
    joined.binary(frame(before));
    assert.deepEqual(client.sent, expected);
    assert.deepEqual([client.closings, joined.closings], [[], []]);
  });
}

Deno.test("the loss of a client ends the agent's session socket (wire 25)", async () => {
  const { rig, agent, client, joined } = paired();
  client.leave();
  await rig.settle();
  assert.deepEqual(joined.takeMessages(), [{ type: "session-end" }]);
  assert.deepEqual(joined.closings, ["closeNow 1000 session ended"]);
  assert.deepEqual(agent.closings, []);
});

Deno.test("the loss of the agent's session socket dismisses the client (wire 25)", async () => {
  const { rig, agent, client, joined } = paired();
  joined.leave();
  await rig.settle();
  assert.deepEqual(client.closings, ["closeNow 1001 agent session ended"]);
  assert.deepEqual(agent.closings, []);
  assert.deepEqual(rig.history.newestFirst()[0]!.event, "agent-session-disconnect");
});

Deno.test("the loss of the control socket ends all sessions of the machine (wire 26)", async () => {
  const { rig, agent, client, joined } = paired();
  const waiting = rig.client();
  agent.leave();
  await rig.settle();
  assert.deepEqual(client.closings, ["closeNow 1001 agent disconnected"]);
  assert.deepEqual(waiting.closings, ["closeNow 1001 agent disconnected"]);
  assert.deepEqual(joined.closings, ["abort"]);
  assert.equal(rig.switchboard.sessionCount(rig.registry.byName("barn")!), 0);
});

Deno.test("a client that leaves before the join takes its session with it", async () => {
  const rig = new SwitchboardRig();
  const agent = rig.agent();
  const client = rig.client();
  const [{ sessionId }] = agent.takeMessages() as [{ sessionId: string }];
  client.leave();
  await rig.settle();
  const joined = rig.dial();
  joined.text({ type: "session-join", machineId: "barn", sessionId });
  assert.deepEqual(joined.closings, ["close 1008 Session not found"]);
  rig.clock.advance(60_000);
  assert.deepEqual(client.closings, []);
});

Deno.test("a stalled peer holds back its own sender for 800 ms at most, and nobody else", async () => {
  const { rig, agent, client, joined } = paired();
  const other = rig.pair(agent);
  const data = frame("54 00 00 84 2b ff c4 04");
  client.stall(300 * KIB);
  let isHeld = true;
  const hold = joined.binary(data.slice()) as Promise<void>;
  hold.then(() => isHeld = false);
  assert.equal(other.joined.binary(data.slice()), undefined, "another session is not held");
  assert.equal(client.binary(data.slice()), undefined, "nor is the other direction");
  rig.clock.advance(799);
  await rig.settle();
  assert.ok(isHeld);
  rig.clock.advance(1);
  await rig.settle();
  assert.ok(!isHeld);
  const received = client.sent.length;
  assert.equal(joined.binary(data.slice()), undefined);
  assert.equal(client.sent.length, received, "dropped");
  assert.equal(rig.switchboard.stats.slowReceiver, 1);
  client.drainTo(0);
  await rig.settle();
  joined.binary(data.slice());
  assert.equal(client.sent.length, received + 1);
});

Deno.test("shutdown() tells all peers, waits for them, then cuts the rest (hub 80)", async () => {
  const { rig, agent, client, joined } = paired();
  let isDone = false;
  const done = rig.switchboard.shutdown(30_000).then(() => isDone = true);
  for (const peer of [agent, client, joined]) {
    assert.deepEqual(peer.closings, ["close 1001 hub shutting down"]);
    assert.deepEqual(peer.sent, []);
  }
  const late = rig.dial();
  assert.ok(rig.switchboard.isFull);
  client.leave(1001);
  joined.leave(1001);
  await rig.settle();
  assert.equal(isDone, false);
  rig.clock.advance(30_000);
  await done;
  assert.deepEqual(agent.closings, ["close 1001 hub shutting down", "abort"]);
  assert.deepEqual(late.closings, ["closeNow 1001 hub shutting down"]);
  rig.repeats.flush();
  assert.equal(rig.clock.nextTimerMs(), Infinity, "no timer is left");
});

Deno.test("a handler that fails ends its own session and nothing else", async () => {
  const { rig, agent, client, joined } = paired();
  const other = rig.pair(agent);
  client.sendText = () => {
    throw new Error("out of luck");
  };
  joined.text("hello");
  await rig.settle();
  assert.deepEqual(client.closings, ["closeNow 1001 agent session ended"]);
  assert.deepEqual([agent.closings, other.client.closings], [[], []]);
  assert.match(rig.lines.at(-2)!, /internal error with .*out of luck/);
});
