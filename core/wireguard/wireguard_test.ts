import assert from "node:assert/strict";
import { Packet } from "../bytes/mod.ts";
import { MTU, Pair } from "./_pair.ts";
import { publicKey } from "./keys.ts";
import { MAX_STAGED_PACKETS } from "./tuning.ts";
import { WireGuard } from "./wireguard.ts";

for (const presharedKey of [undefined, new Uint8Array(32).fill(9)]) {
  const name = presharedKey ? "with" : "without";
  Deno.test(`WireGuard carries data both ways ${name} a preshared key (wire 40)`, () => {
    const pair = Pair.established({ presharedKey });
    assert.ok(pair.passes(pair.a, 1));
    assert.ok(pair.passes(pair.b, 2));
    assert.equal(pair.a.wireguard.stats.sessions, 1);
    assert.equal(pair.b.wireguard.stats.sessions, 1);
  });
}

Deno.test("WireGuard.initiate() does nothing while a handshake is under way", () => {
  const { a } = new Pair();
  a.wireguard.initiate(0);
  a.wireguard.initiate(1);
  assert.deepEqual(a.outbox.map((message) => message.length), [148]);
});

Deno.test("WireGuard sends messages of the lengths the wire knows", () => {
  const pair = new Pair();
  const { a, b } = pair;
  a.wireguard.initiate(0);
  b.receive(a.outbox.pop()!, 0);
  assert.equal(b.outbox[0]!.length, 92);
  assert.equal(a.receive(b.outbox.pop()!, 0), "handshake");
  assert.equal(a.outbox[0]!.length, 32, "a keepalive confirms the session");
  assert.equal(b.receive(a.outbox.pop()!, 0), "keepalive");
  assert.equal(b.delivered.length, 0);
});

Deno.test("WireGuard.send() pads with zeros to 16 bytes but not beyond the MTU", () => {
  const pair = Pair.established();
  const cases = [[1, 16], [16, 16], [17, 32], [1088, 1088], [1089, MTU], [1099, MTU], [MTU, MTU]];
  for (const [lengthBytes, paddedBytes] of cases) {
    pair.send(pair.a, 0xff, lengthBytes);
    assert.equal(pair.a.outbox[0]!.length, 32 + paddedBytes!);
    pair.settle();
    const inner = pair.b.delivered.pop()!;
    assert.ok(inner.subarray(0, lengthBytes).every((byte) => byte === 0xff));
    assert.ok(inner.subarray(lengthBytes).every((byte) => byte === 0));
  }
  pair.a.wireguard.setMtu(1_000);
  pair.send(pair.a, 1, 999);
  assert.equal(pair.a.outbox[0]!.length, 32 + 1_000);
});

Deno.test("WireGuard.send() stages packets in order and drops the oldest when full", () => {
  const pair = new Pair();
  for (let i = 0; i < MAX_STAGED_PACKETS + 3; i++) pair.send(pair.a, i);
  assert.equal(pair.a.outbox.length, 1, "one initiation for all");
  assert.equal(pair.a.wireguard.stats.sendDropped["staged-full"], 3);
  pair.settle();
  const firsts = pair.b.delivered.map((inner) => inner[0]!);
  assert.deepEqual(firsts, Array.from({ length: MAX_STAGED_PACKETS }, (_, i) => i + 3));
});

Deno.test("WireGuard responder stages until the initiator confirms the session", () => {
  const pair = new Pair();
  const { a, b } = pair;
  a.wireguard.initiate(0);
  b.receive(a.outbox.pop()!, 0);
  const response = b.outbox.pop()!;
  pair.send(b, 7);
  assert.equal(b.outbox.length, 0);
  a.receive(response, 0);
  pair.settle();
  assert.equal(a.delivered[0]![0], 7);
});

for (const swapKeys of [false, true]) {
  Deno.test(`WireGuard settles on one session when initiations cross, keys ${swapKeys}`, () => {
    const pair = new Pair({ swapKeys });
    const { a, b } = pair;
    a.wireguard.initiate(0);
    b.wireguard.initiate(0);
    const results = pair.settle();
    assert.ok(results.every((result) => result === "handshake" || result === "keepalive"));
    // Both initiations won: each end got a response and a confirmation.
    assert.equal(a.wireguard.stats.received.handshake, 2);
    assert.equal(b.wireguard.stats.received.handshake, 2);
    pair.send(a, 1);
    pair.send(b, 2);
    const [fromA, fromB] = [a.outbox[0]!, b.outbox[0]!];
    pair.settle();
    assert.equal(b.delivered[0]![0], 1);
    assert.equal(a.delivered[0]![0], 2);
    // One session: the one whose initiator is the end with the smaller public key, so after 120 s
    // exactly one end rekeys.
    assert.notDeepEqual(fromA.subarray(4, 8), fromB.subarray(4, 8));
    pair.advance(120_001);
    pair.send(a, 3);
    pair.send(b, 4);
    const initiations = [a, b].map((end) => end.outbox.filter((m) => m[0] === 1).length);
    assert.equal(initiations[0]! + initiations[1]!, 1);
    pair.settle();
    assert.ok(pair.passes(a, 5) && pair.passes(b, 6));
  });
}

Deno.test("WireGuard opens packets of the old session that arrive after a rekey", () => {
  const pair = Pair.established();
  const { a, b } = pair;
  pair.passes(a, 1);
  pair.nowMs = 121_000;
  pair.send(a, 2);
  const late = a.outbox.shift()!;
  assert.equal(late[0], 4);
  pair.settle();
  assert.equal(b.wireguard.stats.sessions, 2);
  assert.ok(pair.passes(a, 3) && pair.passes(b, 4));
  assert.equal(b.receive(late, pair.nowMs), "data");
  assert.equal(b.delivered.at(-1)![0], 2);
});

Deno.test("WireGuard opens messages inside a larger buffer", () => {
  const pair = Pair.established();
  pair.send(pair.a, 5);
  const message = pair.a.outbox.pop()!;
  const buffer = new Uint8Array(message.length + 20);
  buffer.set(message, 7);
  assert.equal(pair.b.wireguard.receive(buffer, 7, 7 + message.length, 0), "data");
  assert.equal(pair.b.delivered[0]![0], 5);
});

Deno.test("WireGuard.close() wipes, counts staged packets and does nothing after", () => {
  const pair = new Pair();
  const { a, b } = pair;
  pair.send(a, 1);
  const initiation = a.outbox.pop()!;
  a.wireguard.close();
  assert.equal(a.wireguard.nextDeadlineMs(), Infinity);
  assert.equal(a.wireguard.stats.sendDropped.closed, 1);
  b.receive(initiation, 0);
  assert.equal(a.receive(b.outbox.pop()!, 0), "closed");
  pair.send(a, 2);
  a.wireguard.initiate(0);
  assert.deepEqual(a.outbox, []);
});

Deno.test("WireGuard.close() from a callback ends the work in hand", () => {
  const pair = Pair.established();
  pair.nowMs = 121_000;
  const { a } = pair;
  const push = a.outbox.push.bind(a.outbox);
  a.outbox.push = (message) => {
    a.wireguard.close();
    return push(message);
  };
  pair.send(a, 1);
  assert.deepEqual(a.outbox.map((message) => message[0]), [4], "data, and no initiation after it");
  assert.equal(a.wireguard.nextDeadlineMs(), Infinity);
});

Deno.test("WireGuard.close() while staged packets leave delivers nothing and sets no timer", () => {
  const pair = new Pair();
  const { a, b } = pair;
  a.wireguard.initiate(0);
  b.receive(a.outbox.pop()!, 0);
  pair.send(b, 1);
  pair.send(a, 2);
  a.receive(b.outbox.pop()!, 0);
  const push = b.outbox.push.bind(b.outbox);
  b.outbox.push = (message) => {
    b.wireguard.close();
    return push(message);
  };
  assert.equal(b.receive(a.outbox.pop()!, 0), "closed");
  assert.deepEqual([b.delivered, b.outbox.length], [[], 1]);
  assert.equal(b.wireguard.nextDeadlineMs(), Infinity);
});

Deno.test("WireGuard.send() refuses a packet without room for header and tag", () => {
  const { a } = Pair.established();
  const packet = new Packet(200);
  packet.start = 15;
  packet.end = 50;
  assert.throws(() => a.wireguard.send(packet, 0), RangeError);
  packet.start = 20;
  packet.end = 170;
  assert.throws(() => a.wireguard.send(packet, 0), RangeError);
});

Deno.test("WireGuard refuses bad options, and copies keys", () => {
  const { random } = new Pair();
  const good = {
    privateKey: new Uint8Array(32).fill(1),
    peerPublicKey: publicKey(new Uint8Array(32).fill(2)),
    mtuBytes: MTU,
    random,
    wallMs: () => 0,
    pool: { maxPacketBytes: MTU } as never,
    send: () => {},
    deliver: () => {},
  };
  const bad = [
    { privateKey: new Uint8Array(31) },
    { peerPublicKey: new Uint8Array(33) },
    { peerPublicKey: new Uint8Array(32) },
    { presharedKey: new Uint8Array(0) },
    { persistentKeepaliveMs: -1 },
    { persistentKeepaliveMs: NaN },
    { mtuBytes: 147 },
    { mtuBytes: MTU + 1 },
    { mtuBytes: 500.5 },
  ];
  for (const change of bad) {
    assert.throws(() => new WireGuard({ ...good, ...change }), RangeError, JSON.stringify(change));
  }
  new WireGuard(good).close();
  assert.deepEqual(good.privateKey, new Uint8Array(32).fill(1));
});
