import assert from "node:assert/strict";
import { decodeHex } from "../../core/bytes/mod.ts";
import { LocalCarrier } from "../udp/mod.ts";
import { type FakeConnection, SwitchboardRig, UdpRig } from "../testing/mod.ts";

const KIB = 1024;
const A = "192.0.2.1:4001";
const B = "198.51.100.2:4002";
const hex = (text: string) => decodeHex(text.replaceAll(" ", ""))! as Uint8Array<ArrayBuffer>;
const FRAME = "54 00 00 aa bb cc dd 04";
const RELAYED = "54 07 00 aa bb cc dd 04";
const CONTROL = "54 00 01 aa bb cc dd 01";

interface Offer {
  type: string;
  token: string;
  port: number;
  host?: string;
}

/** A hub with UDP, a session, and what each end was told. */
function withUdp(host = "") {
  const udp = new UdpRig();
  const carrier = new LocalCarrier(udp.relay, () => ({ port: 41820, host }));
  const rig = new SwitchboardRig({ udp: carrier });
  const control = rig.agent();
  const client = rig.client();
  const [{ sessionId }] = control.takeMessages() as [{ sessionId: string }];
  const join = () => {
    const joined = rig.dial();
    joined.text({ type: "session-join", machineId: "barn", sessionId });
    const [start, agentOffer] = joined.takeMessages() as [{ type: string }, Offer];
    const [ready, clientOffer] = client.takeMessages() as [{ type: string }, Offer];
    return { joined, start, ready, agentOffer, clientOffer };
  };
  const first = join();
  const tokens = { agent: hex(first.agentOffer.token), client: hex(first.clientOffer.token) };
  return { udp, rig, control, client, join, ...first, tokens };
}

const binaries = ({ sent }: FakeConnection) => sent.filter((each) => typeof each !== "string");

Deno.test("each side gets one offer, after ready or session-start, with a token of its own (wire 16)", () => {
  for (const [host, rest] of [["", {}], ["udp.example", { host: "udp.example" }]] as const) {
    const { start, ready, agentOffer, clientOffer } = withUdp(host);
    assert.deepEqual([start.type, ready.type], ["session-start", "ready"]);
    for (const offer of [agentOffer, clientOffer]) {
      assert.match(offer.token, /^[0-9a-f]{16}$/);
      assert.deepEqual(offer, { type: "udp-offer", token: offer.token, port: 41820, ...rest });
    }
    assert.notEqual(agentOffer.token, clientOffer.token);
  }
});

Deno.test("a frame by UDP reaches a side without UDP as a WebSocket message (wire 28)", () => {
  const { udp, client, joined, tokens } = withUdp();
  udp.arrive(A, tokens.agent, hex(FRAME));
  assert.deepEqual(binaries(client), [hex(RELAYED)]);
  udp.arrive(B, tokens.client, "PROBE");
  assert.equal(udp.arrive(A, tokens.agent, hex(FRAME))?.to, B);
  assert.deepEqual([binaries(client).length, binaries(joined).length], [1, 0]);
});

Deno.test("a frame by WebSocket goes by WebSocket even if the other side is on UDP (wire 29)", () => {
  const { udp, client, joined, tokens } = withUdp();
  udp.arrive(A, tokens.agent, "PROBE");
  udp.arrive(B, tokens.client, "PROBE");
  client.binary(hex(FRAME));
  joined.binary(hex(FRAME));
  assert.deepEqual([binaries(client), binaries(joined)], [[hex(RELAYED)], [hex(RELAYED)]]);
  assert.equal(udp.arrive(A, tokens.agent, hex(FRAME))?.to, B, "both ways stay open");
});

Deno.test("a side that is back on WebSocket gets no more by UDP after 10 s, CONTROL aside (wire 5.3)", () => {
  const { udp, client, tokens } = withUdp();
  udp.arrive(B, tokens.client, "PROBE");
  udp.nowMs = 10_001;
  client.binary(hex(CONTROL));
  assert.equal(udp.arrive(A, tokens.agent, hex(FRAME))?.to, B, "CONTROL is never sent by UDP");
  client.binary(hex(FRAME));
  assert.equal(udp.arrive(A, tokens.agent, hex(FRAME)), undefined);
  assert.deepEqual(binaries(client), [hex(RELAYED)]);
});

Deno.test("a stalled WebSocket gets no more from UDP, and UDP goes on", () => {
  const { udp, rig, control, client, tokens } = withUdp();
  const other = rig.client();
  const [{ sessionId }] = control.takeMessages() as [{ sessionId: string }];
  const joined = rig.dial();
  joined.text({ type: "session-join", machineId: "barn", sessionId });
  const [, offer] = joined.takeMessages() as [unknown, Offer];
  client.stall(256 * KIB + 1);
  for (let i = 0; i < 100; i++) {
    udp.arrive(A, tokens.agent, hex(FRAME));
    udp.arrive(A, hex(offer.token), hex(FRAME));
  }
  assert.deepEqual([binaries(client).length, binaries(other).length], [0, 100]);
  assert.equal(udp.relay.stats.drops["slow-receiver"], 100);
  client.drainTo(0);
  udp.arrive(A, tokens.agent, hex(FRAME));
  assert.equal(binaries(client).length, 1);
});

const ENDINGS: [name: string, end: (session: ReturnType<typeof withUdp>) => void][] = [
  ["the client leaves", ({ client }) => client.leave()],
  ["the agent's socket goes", ({ joined }) => joined.leave()],
  ["the agent goes", ({ control }) => control.leave()],
  ["a frame is invalid", ({ client }) => void client.binary(hex("00"))],
  ["the hub shuts down", ({ rig, client, joined, control }) => {
    rig.switchboard.shutdown(0);
    for (const each of [client, joined, control]) each.leave();
  }],
];

for (const [name, end] of ENDINGS) {
  Deno.test(`tokens stop working when ${name} (wire 31)`, async () => {
    const session = withUdp();
    const { udp, rig, tokens } = session;
    assert.ok(udp.arrive(A, tokens.agent, "PROBE"));
    end(session);
    await rig.settle();
    for (const token of [tokens.agent, tokens.client]) {
      assert.equal(udp.arrive(A, token, "PROBE"), undefined);
    }
    assert.equal(udp.relay.tokenCount, 0);
  });
}

Deno.test("a second join gets new offers, and the tokens of the first die (wire 7 (5))", () => {
  const { udp, join, tokens } = withUdp();
  const again = join();
  assert.equal(udp.relay.tokenCount, 2);
  assert.equal(udp.arrive(A, tokens.agent, "PROBE"), undefined);
  assert.ok(udp.arrive(A, hex(again.agentOffer.token), "PROBE"));
  assert.ok(udp.arrive(B, hex(again.clientOffer.token), "PROBE"));
});

Deno.test("a renamed machine keeps the UDP of its sessions (improves on wire 7 (16))", () => {
  const { udp, rig, tokens } = withUdp();
  rig.agent("shed", { agentId: "agent-2" });
  rig.agent("barn", { machineRegistrationId: "r" });
  rig.agent("stable", { machineRegistrationId: "r" });
  assert.ok(udp.arrive(A, tokens.agent, "PROBE"));
});
