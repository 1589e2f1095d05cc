import assert from "node:assert/strict";
import { encodeHex, type Packet, PacketPool } from "../bytes/mod.ts";
import { UdpCarrier } from "./udp_carrier.ts";
import type { UdpAddress, UdpPort } from "./udp_port.ts";

const TO: UdpAddress = { transport: "udp", hostname: "192.0.2.1", port: 41820 };

/** A carrier over a socket that takes datagrams when the test says so. */
function setUp(token?: Uint8Array) {
  const sent: { bytes: Uint8Array; settle: (taken: boolean) => void }[] = [];
  const port: UdpPort = {
    localPort: 40000,
    send: (bytes) => {
      const { promise, resolve } = Promise.withResolvers<boolean>();
      sent.push({ bytes, settle: resolve });
      return promise;
    },
    close: () => {},
  };
  const pool = new PacketPool({ maxPacketBytes: 100 });
  const changes: boolean[] = [];
  const refused: Packet[] = [];
  const carrier: UdpCarrier = new UdpCarrier({
    kind: token ? "udp-relay" : "direct",
    port,
    to: TO,
    ...(token && { token }),
    sessionId: 0xaabbccdd,
    pool,
    onCongestion: () => changes.push(carrier.congested),
    onRefused: (packet) => refused.push(packet),
  });
  const packet = () => {
    const one = pool.take();
    one.bytes[one.end++] = 4;
    return one;
  };
  return { carrier, sent, pool, changes, refused, packet };
}

function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

Deno.test("UdpCarrier puts token and relay header before the message (wire 4.2)", async () => {
  const relay = setUp(Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8));
  relay.carrier.send(relay.packet());
  assert.equal(encodeHex(relay.sent[0]!.bytes), "0102030405060708540000aabbccdd04");
  const direct = setUp();
  direct.carrier.send(direct.packet());
  assert.equal(encodeHex(direct.sent[0]!.bytes), "540000aabbccdd04");
  for (const { sent } of [relay, direct]) sent[0]!.settle(true);
  await settled();
});

Deno.test("UdpCarrier keeps a packet until the system has taken it", async () => {
  const { carrier, sent, pool, packet } = setUp();
  const first = packet();
  carrier.send(first);
  assert.notEqual(pool.take(), first);
  sent[0]!.settle(true);
  await settled();
  assert.equal(pool.take(), first);
});

Deno.test("UdpCarrier gives a refused message back as it was", async () => {
  const { carrier, sent, refused, packet } = setUp(new Uint8Array(8));
  const first = packet();
  const { start, end } = first;
  carrier.send(first);
  sent[0]!.settle(false);
  await settled();
  assert.deepEqual(refused, [first]);
  assert.deepEqual([first.start, first.end], [start, end]);
});

Deno.test("UdpCarrier asks to wait at 32 datagrams, goes on at 16 and drops at 256", async () => {
  const { carrier, sent, changes, packet } = setUp();
  for (let i = 0; i < 260; i++) carrier.send(packet());
  assert.deepEqual(changes, [true]);
  assert.equal(sent.length, 256);
  assert.equal(carrier.dropped, 4);
  for (const { settle } of sent.splice(0, 239)) settle(true);
  await settled();
  assert.deepEqual(changes, [true]);
  sent.pop()!.settle(true);
  await settled();
  assert.deepEqual(changes, [true, false]);
  for (const { settle } of sent) settle(true);
  await settled();
});
