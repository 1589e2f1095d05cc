import assert from "node:assert/strict";
import { decodeHex } from "../../core/bytes/mod.ts";
import { ManualClock } from "../../core/clock/mod.ts";
import { Access } from "../access/mod.ts";
import type { AuthConfig } from "../config/mod.ts";
import { SwitchboardRig, UdpRig } from "../testing/mod.ts";
import { LocalCarrier } from "../udp/mod.ts";
import { PartedUdp } from "./parted_udp.ts";
import type { Session } from "./session_table.ts";

const A = "192.0.2.1:4001";
const B = "198.51.100.2:4002";
const FRAME = new Uint8Array([0x54, 0, 0, 0xaa, 0xbb, 0xcc, 0xdd, 4]);
const none = { issuedAtMs: undefined, expiresAtMs: undefined, revokedAtMs: undefined };
const OPEN: AuthConfig = { tokens: [], machines: new Map() };

/** A hub where alice may connect to barn and barn's agent has a token of its own. */
function secured({ users }: { users: readonly string[] }): AuthConfig {
  const tokens = ["boss", ...users].map((id) => {
    const role = id === "alice" ? "user" as const : "owner" as const;
    return { ...none, id, token: `${id}-token`, role };
  });
  const acl = { registerToken: "", connect: [{ token: "alice-token", services: [] }] };
  return { tokens, machines: new Map([["barn", { ...acl, manageTokens: [] }]]) };
}

/** A session whose ends have asked for grace times and are heard by UDP. */
function setUp({ auth = OPEN, agent = {}, client = {}, grace = [120, 120] }: {
  auth?: AuthConfig;
  agent?: object;
  client?: object;
  grace?: readonly [agent: number | undefined, client: number | undefined];
} = {}) {
  const udp = new UdpRig();
  const carrier = new LocalCarrier(udp.relay, () => ({ port: 41820, host: "" }));
  const rig = new SwitchboardRig({ auth, udp: carrier });
  udp.nowMs = rig.clock.nowMs();
  const control = rig.agent("barn", agent);
  const connect = () => {
    const dialled = rig.client("barn", { ...client, udpGrace: grace[1] });
    const request = control.takeMessages().at(-1) as { sessionId: string };
    const joined = rig.dial();
    const { sessionId } = request;
    joined.text({ type: "session-join", machineId: "barn", sessionId, udpGrace: grace[0] });
    const [agentOffer, clientOffer] = [joined, dialled].map((each) =>
      each.takeMessages().at(-1) as { token: string }
    );
    const token = (offer?: { token: string }) =>
      decodeHex(offer!.token)! as Uint8Array<ArrayBuffer>;
    return { client: dialled, joined, tokens: [token(agentOffer), token(clientOffer)] as const };
  };
  const first = connect();
  /** Whether a frame of each end reaches the other by UDP. */
  const flows = ([a, b] = first.tokens) => {
    udp.arrive(A, a!, "PROBE");
    udp.arrive(B, b!, "PROBE");
    return udp.arrive(A, a!, FRAME)?.to === B && udp.arrive(B, b!, FRAME)?.to === A;
  };
  const advance = (ms: number) => {
    rig.clock.advance(ms);
    udp.nowMs = rig.clock.nowMs();
  };
  assert.ok(flows());
  return { udp, rig, control, connect, flows, advance, ...first };
}

type Rig = ReturnType<typeof setUp>;

const PARTINGS: [name: string, part: (session: Rig) => void][] = [
  ["the client's socket", ({ client }) => client.leave()],
  ["the agent's socket", ({ joined }) => joined.leave()],
  ["the agent's control socket", ({ control }) => control.leave()],
];

for (const [name, part] of PARTINGS) {
  Deno.test(`UDP goes on without ${name} for the grace time of the peers`, async () => {
    const session = setUp({ grace: [60, 120] });
    part(session);
    await session.rig.settle();
    for (let ms = 0; ms < 60_000; ms += 5_000) {
      assert.ok(session.flows(), `after ${ms} ms`);
      session.advance(5_000);
    }
    assert.equal(session.udp.relay.tokenCount, 0);
    assert.equal(session.flows(), false);
  });
}

Deno.test("UDP ends with the session unless both ends want it to go on and are heard by it (wire 31)", async () => {
  for (const grace of [[undefined, 120], [120, undefined], [0, 120], [-1, 120]] as const) {
    const session = setUp({ grace });
    session.client.leave();
    await session.rig.settle();
    assert.equal(session.udp.relay.tokenCount, 0, JSON.stringify(grace));
  }
  const quiet = setUp();
  quiet.advance(10_001);
  quiet.client.leave();
  await quiet.rig.settle();
  assert.equal(quiet.udp.relay.tokenCount, 0);
});

Deno.test("UDP without sockets ends once an end is not heard any more", async () => {
  const { udp, rig, client, tokens, advance } = setUp();
  client.leave();
  await rig.settle();
  for (let ms = 0; ms < 20_000; ms += 5_000) {
    udp.arrive(A, tokens[0], FRAME);
    advance(5_000);
  }
  assert.equal(udp.relay.tokenCount, 0);
});

Deno.test("UDP without sockets gives way to that of the next pairing", async () => {
  const { udp, rig, client, tokens, connect, flows } = setUp();
  client.leave();
  await rig.settle();
  const next = connect();
  assert.equal(udp.relay.tokenCount, 2);
  assert.equal(flows(tokens), false);
  assert.ok(flows(next.tokens));
});

Deno.test("UDP without sockets ends at once with the right of either end, or with the machine", async () => {
  const both = { agent: { token: "boss-token" }, client: { token: "alice-token" } };
  const withdrawals: [name: string, withdraw: (session: Rig) => void][] = [
    ["client", ({ rig }) => void (rig.access = new Access(secured({ users: [] })))],
    ["agent", ({ rig }) => {
      const { tokens, machines } = secured({ users: ["alice"] });
      const next = tokens.map((entry) => entry.id === "boss" ? { ...entry, token: "x" } : entry);
      rig.access = new Access({ tokens: next, machines });
    }],
  ];
  for (const [name, withdraw] of withdrawals) {
    for (const [, part] of PARTINGS) {
      const session = setUp({ auth: secured({ users: ["alice"] }), ...both });
      part(session);
      await session.rig.settle();
      session.rig.switchboard.enforce();
      assert.ok(session.flows(), "nothing has changed");
      withdraw(session);
      session.rig.switchboard.enforce();
      assert.equal(session.udp.relay.tokenCount, 0, name);
    }
  }
});

Deno.test("UDP without sockets ends with the hub", async () => {
  const { udp, rig, client, joined, control } = setUp();
  client.leave();
  await rig.settle();
  rig.switchboard.shutdown(0);
  for (const each of [joined, control]) each.leave();
  await rig.settle();
  assert.equal(udp.relay.tokenCount, 0);
  rig.repeats.flush();
  assert.equal(rig.clock.nextTimerMs(), Infinity);
});

Deno.test("UDP to an end that has neither a socket nor UDP is dropped", async () => {
  const session = setUp();
  const { udp, rig, client, tokens, advance } = session;
  client.leave();
  await rig.settle();
  advance(9_000);
  const sent = client.sent.length;
  // As far as the hub knows it is on UDP still; it is taken for gone once it is quiet.
  assert.equal(udp.arrive(A, tokens[0], FRAME)?.to, B);
  assert.equal(client.sent.length, sent);
});

Deno.test("PartedUdp keeps 1,024 leases, those of the sessions that parted last", () => {
  const clock = new ManualClock();
  const parted = new PartedUdp(clock);
  const ended: number[] = [];
  for (let i = 0; i < 1_030; i++) {
    const udp = { quietMs: () => 0, end: () => ended.push(i) };
    const grace = { agentSeconds: 60, clientSeconds: 60 };
    parted.take({ wgPubKey: `${i}`, machine: {}, grace, udp } as unknown as Session);
  }
  assert.deepEqual(ended, [0, 1, 2, 3, 4, 5]);
  clock.advance(60_000);
  assert.equal(ended.length, 1_030);
  assert.equal(clock.nextTimerMs(), Infinity);
});
