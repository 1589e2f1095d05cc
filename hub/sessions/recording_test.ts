import assert from "node:assert/strict";
import { SwitchboardRig } from "../testing/mod.ts";
import type { UdpCarrier } from "../udp/mod.ts";

const FRAME = new Uint8Array([0x54, 0, 0, 1, 2, 3, 4, 9, 9, 9]);

/** UDP by which so many bytes came from each end in every pairing. */
const CARRIER: UdpCarrier = {
  lease: () => ({
    offers: {
      agent: { type: "udp-offer", token: "00", port: 1 },
      client: { type: "udp-offer", token: "01", port: 1 },
    },
    usedWebSocket() {},
    quietMs: () => Infinity,
    relayedBytes: (end) => end === "client" ? 100 : 1000,
    end() {},
  }),
};

const sessionsOf = (rig: SwitchboardRig) =>
  rig.audited.filter(({ event }) => event.startsWith("session-"));

Deno.test("a session is recorded when it opens and when it ends, with bytes, duration and reason", async () => {
  const rig = new SwitchboardRig();
  const { client, joined } = rig.pair(rig.agent("barn", { services: [{ port: 22 }] }));
  client.binary(FRAME.slice());
  client.binary(FRAME.slice());
  joined.binary(FRAME.slice());
  rig.clock.advance(1500);
  client.leave();
  await rig.settle();
  const [open, close] = sessionsOf(rig);
  const { session, index } = open!.data!;
  assert.deepEqual([open!.machine, open!.detail, index], ["barn", "services=SSH:22", 1]);
  assert.equal(String(session).length, 8, "not the whole id, which is the authority to join");
  assert.equal(close!.reason, "client left");
  assert.deepEqual(close!.data, {
    session,
    index,
    toAgentBytes: 20,
    toClientBytes: 10,
    durationMs: 1500,
  });
});

Deno.test("what came by UDP counts too, of every pairing of a session", async () => {
  const rig = new SwitchboardRig({ udp: CARRIER });
  const agent = rig.agent("barn");
  const client = rig.client("barn");
  const [request] = agent.takeMessages() as { sessionId: string }[];
  for (let pairing = 0; pairing < 2; pairing++) {
    const { sessionId } = request!;
    rig.dial().text({ type: "session-join", machineId: "barn", sessionId });
  }
  client.binary(FRAME.slice());
  client.leave();
  await rig.settle();
  const { toAgentBytes, toClientBytes } = sessionsOf(rig).at(-1)!.data!;
  assert.deepEqual([toAgentBytes, toClientBytes], [210, 2000]);
});

Deno.test("every end of a session has its reason", async () => {
  const rig = new SwitchboardRig();
  const agent = rig.agent("barn");
  rig.pair(agent).joined.leave();
  await rig.settle();
  rig.client("barn");
  rig.clock.advance(30_000);
  rig.pair(rig.agent("shed", { agentId: "agent-2" }), "shed");
  rig.client("shed");
  const reasons = () =>
    sessionsOf(rig).filter(({ event }) => event === "session-close").map(({ reason }) => reason);
  assert.deepEqual(reasons(), ["agent left", "not joined"]);
  const stopped = rig.switchboard.shutdown(0);
  rig.clock.advance(0);
  await stopped;
  assert.deepEqual(reasons().slice(2), ["hub stopping", "hub stopping"]);
  rig.repeats.flush();
  assert.equal(rig.clock.nextTimerMs(), Infinity, "no timer is left");
});

Deno.test("who registers or connects without a token is recorded, on a secured hub", () => {
  const times = { issuedAtMs: undefined, expiresAtMs: undefined, revokedAtMs: undefined };
  const owner = { ...times, id: "owner", token: "owner-token", role: "owner" as const };
  const rig = new SwitchboardRig({ auth: { tokens: [owner], machines: new Map() } });
  rig.agent("barn");
  rig.client("shed", { token: "" });
  const told = { event: "denial", result: "refused", identity: undefined, reason: "no token" };
  const sources = rig.audited.map(({ source }) => source);
  assert.deepEqual(rig.audited, [
    { ...told, machine: "barn", source: sources[0] },
    { ...told, machine: "shed", source: sources[1] },
  ]);
  assert.ok(sources.every(Boolean));
});
