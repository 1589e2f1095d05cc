import assert from "node:assert/strict";
import { encodeHex } from "../bytes/mod.ts";
import { End, Pair, seededRandom } from "./_pair.ts";
import { publicKey } from "./keys.ts";
import { LOAD_MESSAGES_PER_SECOND } from "./tuning.ts";

/** Hex of every array of so many bytes, other than zeros, that `act` overwrites with zeros. */
function wiped(act: () => void, { lengthBytes = 32 }: { lengthBytes?: number } = {}): string[] {
  const seen: string[] = [];
  const original = Uint8Array.prototype.fill;
  Uint8Array.prototype.fill = function (value, start, end) {
    const isWhole = this.length === lengthBytes && start === undefined && end === undefined;
    if (isWhole && value === 0 && this.some((byte) => byte !== 0)) seen.push(encodeHex(this));
    return original.call(this, value, start, end);
  };
  try {
    act();
  } finally {
    Uint8Array.prototype.fill = original;
  }
  return seen;
}

/** How many of the arrays wiped in `after` held what one wiped in `before` did. */
function again(before: string[], after: string[]): number {
  return after.filter((hex) => before.includes(hex)).length;
}

Deno.test("WireGuard.close() wipes both keys of each session, and its own keys", () => {
  const privateKey = new Uint8Array(32).fill(0x11);
  const presharedKey = new Uint8Array(32).fill(0x22);
  const peer = new Uint8Array(32).fill(0x33);
  const shared = { random: seededRandom(1), wallMs: () => 0, presharedKey };
  const a = new End({ ...shared, privateKey, peerPublicKey: publicKey(peer) });
  const b = new End({ ...shared, privateKey: peer, peerPublicKey: publicKey(privateKey) });
  // Deriving a session wipes the arrays whose content the ciphers have copied.
  const derived = wiped(() => {
    a.wireguard.initiate(0);
    b.receive(a.outbox.pop()!, 0);
    a.receive(b.outbox.pop()!, 0);
  });
  const atA = wiped(() => a.wireguard.close());
  const atB = wiped(() => b.wireguard.close());
  assert.equal(again(derived, atA), 2);
  assert.equal(again(derived, atB), 2);
  assert.equal(again(atA, atB), 4, "both session keys, the preshared key, the static secret");
  assert.ok(atA.includes(encodeHex(privateKey)) && atA.includes(encodeHex(presharedKey)));
  assert.deepEqual(privateKey, new Uint8Array(32).fill(0x11), "the caller's own is the caller's");
});

Deno.test("WireGuard wipes the keys of a session when two newer ones have come", () => {
  const pair = new Pair();
  const { a, b } = pair;
  const handshake = () => {
    pair.nowMs += 10_000;
    a.wireguard.initiate(pair.nowMs);
    pair.settle();
    assert.ok(pair.passes(a, 1) && pair.passes(b, 2));
  };
  const first = wiped(handshake);
  const second = wiped(handshake);
  assert.equal(again(first, second), 0, "the previous session may still receive");
  const third = wiped(handshake);
  assert.equal(again(first, third), 4, "two keys at each end");
  assert.equal(again(second, third), 0);
});

Deno.test("WireGuard wipes all keys of sessions 540 s after the last handshake", () => {
  const derived = [wiped(() => Pair.established())];
  let pair!: Pair;
  derived.push(wiped(() => pair = Pair.established()));
  assert.deepEqual(derived[0], derived[1], "the same seed makes the same keys");
  pair.advance(539_999);
  const late = wiped(() => {
    pair.a.wireguard.tick(540_000);
    pair.b.wireguard.tick(540_000);
  });
  assert.equal(again(derived[1]!, late), 4, "two keys at each end");
});

Deno.test("WireGuard wipes ephemeral private keys when their handshake ends or is given up", () => {
  /** What the ends drew: keys, in which random bytes are drawn in place, and the like. */
  const drawn: Uint8Array[] = [];
  const seeded = seededRandom(4);
  const random = (out: Uint8Array<ArrayBuffer>) => {
    seeded(out);
    if (out.length === 32) drawn.push(out);
  };
  const [keyA, keyB] = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)];
  const shared = { random, wallMs: () => 0 };
  const a = new End({ ...shared, privateKey: keyA, peerPublicKey: publicKey(keyB) });
  const b = new End({ ...shared, privateKey: keyB, peerPublicKey: publicKey(keyA) });
  const live = () => drawn.filter((bytes) => bytes.some((byte) => byte !== 0)).length;

  a.wireguard.initiate(0);
  assert.equal(live(), 1, "it may be answered");
  b.receive(a.outbox.pop()!, 0);
  assert.deepEqual([drawn.length, live()], [2, 1], "the responder's has done its work");
  a.receive(b.outbox.pop()!, 0);
  assert.deepEqual([drawn.length, live()], [2, 0]);

  a.wireguard.initiate(10_000);
  a.wireguard.tick(16_000);
  assert.deepEqual([drawn.length, live()], [4, 1], "the one repeated is dropped");
  for (let nowMs = 16_000; nowMs <= 120_000; nowMs += 500) a.wireguard.tick(nowMs);
  assert.equal(live(), 0, "given up");
  a.wireguard.initiate(200_000);
  assert.equal(live(), 1);
  a.wireguard.close();
  assert.equal(live(), 0);
});

/** `b` comes under load by an initiation from a source of this number, and `a` gets a cookie for it. */
function cookie(pair: Pair, source = 1): void {
  const { a, b } = pair;
  pair.nowMs += 10_000;
  a.wireguard.initiate(pair.nowMs);
  // Or the last one is repeated.
  a.wireguard.tick(pair.nowMs);
  const initiation = a.outbox.pop()!;
  for (let i = 0; i <= LOAD_MESSAGES_PER_SECOND; i++) {
    b.receive(initiation, pair.nowMs, Uint8Array.of(source));
  }
  assert.equal(a.receive(b.outbox.pop()!, pair.nowMs), "cookie");
}

Deno.test("WireGuard wipes a cookie when another takes its place, and by close()", () => {
  const sixteen = { lengthBytes: 16 };
  const cookies = [1, 2].map((count) => {
    const pair = Pair.established();
    for (let source = 1; source <= count; source++) cookie(pair, source);
    return wiped(() => pair.a.wireguard.close(), sixteen);
  });
  assert.deepEqual(cookies.map(({ length }) => length), [1, 1]);
  // The same seed makes the same cookies.
  const pair = Pair.established();
  cookie(pair, 1);
  const replaced = wiped(() => cookie(pair, 2), sixteen);
  assert.equal(again(cookies[0]!, replaced), 1);
  assert.equal(again(cookies[1]!, replaced), 0);
});

Deno.test("WireGuard wipes the secret behind its cookies by close()", () => {
  const [loaded, idle] = [true, false].map((isLoaded) => {
    const pair = Pair.established();
    if (isLoaded) cookie(pair);
    return wiped(() => pair.b.wireguard.close()).length;
  });
  // The sessions are one more, too, by the initiation that was served: two keys.
  assert.equal(loaded! - idle!, 3);
});

Deno.test("WireGuard wipes as much of an initiation that it refuses, whatever the reason", () => {
  const [first, second] = [0, 5_400];
  const refused = (["replayed-initiation", "flood"] as const).map((reason) => {
    const pair = new Pair();
    const { a, b } = pair;
    a.wireguard.initiate(first);
    const [older, newer] = [a.outbox.pop()!, (a.wireguard.tick(second), a.outbox.pop()!)];
    assert.equal(b.receive(older, 6_000), "handshake");
    const isReplay = reason === "replayed-initiation";
    return wiped(() => assert.equal(b.receive(isReplay ? older : newer, 6_001), reason)).length;
  });
  assert.ok(refused[0]! > 0 && refused[0] === refused[1], refused.join());
});
