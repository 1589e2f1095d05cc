import assert from "node:assert/strict";
import { PacketPool } from "../bytes/mod.ts";
import { ManualClock, systemRandom } from "../clock/mod.ts";
import { type ByteStream, streamPair } from "../stream/mod.ts";
import { WebSocketConnection } from "../websocket/mod.ts";
import { HubSocket } from "./hub_socket.ts";
import { SessionPath } from "./session_path.ts";

/** A path with session id 0xaabbccdd, and the hub's end of its socket. */
function connect(streams: [ByteStream, ByteStream] = streamPair()) {
  const clock = new ManualClock();
  const common = { clock, random: systemRandom };
  const client = new WebSocketConnection({ stream: streams[0], role: "client", ...common });
  const hub = new WebSocketConnection({ stream: streams[1], role: "server", ...common });
  const sent: (string | number[])[] = [];
  const done = hub.run({
    text: (text) => sent.push(text),
    binary: (bytes, start, end) => sent.push([...bytes.subarray(start, end)]),
  });
  const events: string[] = [];
  const pool = new PacketPool({ maxPacketBytes: 1100 });
  const socket = new HubSocket(client, clock);
  const path = new SessionPath({
    socket,
    pool,
    clock,
    random: (out) => out.set([0xdd, 0xcc, 0xbb, 0xaa]),
    handler: {
      datagram: (bytes, start, end) => events.push(bytes.subarray(start, end).join()),
      batchEnd: () => {},
      congested: () => events.push("congested"),
      writable: () => events.push("writable"),
      answered: () => events.push("answered"),
      offer: ({ token }) => events.push(token),
    },
  });
  path.open();
  const close = async () => {
    path.close();
    socket.close();
    await done;
  };
  return { clock, hub, path, pool, sent, events, close };
}

function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

Deno.test("SessionPath.send() puts the relay header before the message (wire 51)", async () => {
  const { path, pool, sent, close } = connect();
  const packet = pool.take();
  packet.bytes.set([4, 0, 0, 0], packet.start);
  packet.end = packet.start + 4;
  path.send(packet);
  await settle();
  assert.deepEqual(sent, [[0x54, 0, 0, 0xaa, 0xbb, 0xcc, 0xdd, 4, 0, 0, 0]]);
  assert.equal(pool.take(), packet);
  await close();
});

Deno.test("SessionPath answers in-band requests and counts what it drops (wire 52)", async () => {
  const { path, hub, sent, events, close } = connect();
  const frames = [
    [0x54, 7, 1, 1, 2, 3, 4, 1], // request
    [0x54, 7, 1, 1, 2, 3, 4, 9], // unknown control
    [0x54, 7, 1, 1, 2, 3, 4], // control without a byte
    [0x54, 7, 0], // short
    [4, 0, 0, 0, 0, 0, 0, 0], // unframed WireGuard
    [0x54, 7, 0, 1, 2, 3, 4, 42], // data
  ];
  for (const frame of frames) hub.sendBinary(new Uint8Array(frame), 0, frame.length);
  await settle();
  await settle();
  assert.deepEqual(sent, [[0x54, 0, 1, 0xaa, 0xbb, 0xcc, 0xdd, 2]]);
  assert.deepEqual(events, ["42"]);
  assert.deepEqual(path.drops, { badFrames: 2, unknownControls: 2, fullQueue: 0 });
  await close();
});

const REQUEST = [0x54, 0, 1, 0xaa, 0xbb, 0xcc, 0xdd, 1];
const KEEPALIVE = `{"type":"keepalive"}`;

Deno.test("SessionPath sends both keepalives every 30 s (wire 53)", async () => {
  const { clock, sent, close } = connect();
  // In steps, so that the hub can answer the pings of the socket in between.
  for (let passedMs = 0; passedMs < 90_000; passedMs += 3_000) {
    clock.advance(3_000);
    await settle();
    await settle();
  }
  assert.deepEqual(sent, [KEEPALIVE, REQUEST, KEEPALIVE, REQUEST, KEEPALIVE, REQUEST]);
  await close();
});

Deno.test("SessionPath.request() asks, and the answer is told (wire 52)", async () => {
  const { path, hub, sent, events, close } = connect();
  path.request();
  await settle();
  assert.deepEqual(sent, [REQUEST]);
  hub.sendBinary(new Uint8Array([0x54, 7, 1, 1, 2, 3, 4, 2]), 0, 8);
  hub.sendText(`{"type":"udp-offer","token":"00112233445566aa","port":41820}`);
  await settle();
  await settle();
  assert.deepEqual(events, ["answered", "00112233445566aa"]);
  await close();
});

Deno.test("SessionPath says when its queue is long enough and when it is short again", async () => {
  const [a, b] = streamPair();
  const gate = Promise.withResolvers<void>();
  const slow = { ...a, write: (bytes: Uint8Array) => gate.promise.then(() => a.write(bytes)) };
  const { path, pool, events, close } = connect([slow, b]);
  let packets = 0;
  while (events.length === 0) {
    const packet = pool.take();
    packet.end = packet.start + 1100;
    path.send(packet);
    packets++;
  }
  assert.equal(packets, Math.floor(512 * 1024 / (1100 + 7 + 8)) + 1);
  gate.resolve();
  while (events.length === 1) await settle();
  assert.deepEqual(events, ["congested", "writable"]);
  await close();
});

Deno.test("SessionPath answers no more once 2 MiB wait for a hub that does not read", async () => {
  const { path, pool, close } = connect();
  const burst = () => {
    for (let i = 0; i < 2_500; i++) {
      const packet = pool.take();
      packet.end = packet.start + 1_000;
      path.send(packet);
    }
  };
  burst();
  const dropped = path.drops.fullQueue;
  assert.ok(dropped > 350 && dropped < 450, `${dropped}`);
  path.request();
  assert.equal(path.drops.fullQueue, dropped + 1);
  await settle();
  await close();
});
