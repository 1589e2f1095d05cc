import assert from "node:assert/strict";
import { End, Pair, seededRandom } from "./_pair.ts";
import { publicKey } from "./keys.ts";
import { MacWriter } from "./mac_writer.ts";
import type { ReceiveResult } from "./stats.ts";
import { COOKIE_REPLY_RATE, LOAD_MESSAGES_PER_SECOND } from "./tuning.ts";

/** One message of each kind, each still acceptable to the end it is for, with a live session. */
interface Specimen {
  readonly name: string;
  readonly accepted: ReceiveResult;
  make(): { pair: Pair; to: End; message: Uint8Array };
}

/** A pair with a session, in which `a` has just sent a new initiation. */
function initiated(): { pair: Pair; initiation: Uint8Array } {
  const pair = Pair.established();
  pair.passes(pair.a, 1);
  pair.nowMs = 10_000;
  pair.a.wireguard.initiate(pair.nowMs);
  return { pair, initiation: pair.a.outbox.pop()! };
}

function loadedUntilCookie(pair: Pair, initiation: Uint8Array): Uint8Array {
  const { b } = pair;
  // Of its many replays, only those over the limit are asked for a cookie.
  const used = initiation.slice();
  for (let i = 0; i <= LOAD_MESSAGES_PER_SECOND; i++) b.receive(used, pair.nowMs);
  return b.outbox.pop()!;
}

const SPECIMENS: Specimen[] = [
  {
    name: "an initiation",
    accepted: "handshake",
    make() {
      const { pair, initiation } = initiated();
      return { pair, to: pair.b, message: initiation };
    },
  },
  {
    name: "a response",
    accepted: "handshake",
    make() {
      const { pair, initiation } = initiated();
      pair.b.receive(initiation, pair.nowMs);
      return { pair, to: pair.a, message: pair.b.outbox.pop()! };
    },
  },
  {
    name: "a cookie reply",
    accepted: "cookie",
    make() {
      const { pair, initiation } = initiated();
      return { pair, to: pair.a, message: loadedUntilCookie(pair, initiation) };
    },
  },
  {
    name: "a data message",
    accepted: "data",
    make() {
      const pair = Pair.established();
      pair.passes(pair.a, 1);
      pair.send(pair.a, 2);
      return { pair, to: pair.b, message: pair.a.outbox.pop()! };
    },
  },
];

/** mac2 counts only under load, so a flipped bit in it is no forgery. */
function isMac2(specimen: Specimen, offset: number, length: number): boolean {
  return (specimen.name === "an initiation" || specimen.name === "a response") &&
    offset >= length - 16;
}

for (const specimen of SPECIMENS) {
  Deno.test(`WireGuard.receive() accepts ${specimen.name} once and untouched`, () => {
    const { pair, to, message } = specimen.make();
    assert.equal(to.receive(message, pair.nowMs), specimen.accepted);
    assert.notEqual(to.receive(message, pair.nowMs), specimen.accepted);
    assert.ok(pair.passes(pair.a, 9) && pair.passes(pair.b, 8));
  });

  Deno.test(`WireGuard.receive() refuses ${specimen.name} cut at every length`, () => {
    const { pair, to, message } = specimen.make();
    for (let length = 0; length < message.length; length++) {
      const result = to.receive(message.subarray(0, length), pair.nowMs);
      const dataTag = specimen.accepted === "data" && length >= 32;
      assert.equal(result, dataTag ? "unauthentic" : "malformed", `length ${length}`);
    }
    const longer = new Uint8Array(message.length + 1);
    longer.set(message);
    assert.notEqual(to.receive(longer, pair.nowMs), specimen.accepted);
    assert.equal(to.receive(message, pair.nowMs), specimen.accepted, "no trace is left");
  });

  Deno.test(`WireGuard.receive() refuses ${specimen.name} with any bit flipped`, () => {
    const { pair, to, message } = specimen.make();
    const accepted: ReceiveResult[] = ["data", "keepalive", "handshake", "cookie"];
    for (let offset = 0; offset < message.length; offset++) {
      if (isMac2(specimen, offset, message.length)) continue;
      // Within the rate at which cookie replies are opened.
      pair.nowMs += 10;
      for (let bit = 0; bit < 8; bit++) {
        const forged = message.slice();
        forged[offset]! ^= 1 << bit;
        const result = to.receive(forged, pair.nowMs);
        assert.ok(!accepted.includes(result), `offset ${offset}, bit ${bit}: ${result}`);
      }
    }
    assert.equal(to.receive(message, pair.nowMs), specimen.accepted, "no trace is left");
    assert.ok(pair.passes(pair.a, 9) && pair.passes(pair.b, 8));
  });
}

/** Gives a forged handshake message a valid mac1, as anyone can who knows the public key. */
function withMac1(message: Uint8Array, to: Uint8Array): Uint8Array {
  const forged = message.slice();
  new MacWriter(to).write(forged, { start: 0, end: forged.length, nowMs: 0 });
  return forged;
}

for (const specimen of SPECIMENS.slice(0, 2)) {
  Deno.test(`WireGuard.receive() refuses ${specimen.name} forged under a valid mac1`, () => {
    const { pair, to, message } = specimen.make();
    const key = publicKeyOf(pair, to);
    const macAt = message.length - 32;
    const first = specimen.name === "an initiation" ? 8 : 12;
    const seen = new Set<ReceiveResult>();
    for (let offset = first; offset < macAt; offset += 3) {
      const forged = message.slice();
      forged[offset]! ^= 0x40;
      seen.add(to.receive(withMac1(forged, key), pair.nowMs + offset * 100));
    }
    assert.deepEqual([...seen], ["unauthentic"]);
    const lowOrder = message.slice();
    lowOrder.fill(0, first, first + 32);
    assert.equal(to.receive(withMac1(lowOrder, key), pair.nowMs + 20_000), "low-order");
    assert.equal(to.receive(message, pair.nowMs), specimen.accepted, "no trace is left");
    assert.ok(pair.passes(pair.a, 9) && pair.passes(pair.b, 8));
  });
}

/** The pair draws its keys first, `a` before `b`. */
function publicKeyOf(pair: Pair, end: End): Uint8Array {
  const random = seededRandom(1);
  const keys = [new Uint8Array(32), new Uint8Array(32)];
  keys.forEach(random);
  return publicKey(end === pair.a ? keys[0]! : keys[1]!);
}

Deno.test("WireGuard.receive() refuses a replayed initiation, even after a newer one", () => {
  const { pair, initiation } = initiated();
  const { a, b } = pair;
  assert.equal(b.receive(initiation, pair.nowMs), "handshake");
  pair.settle();
  pair.nowMs += 1_000;
  assert.equal(b.receive(initiation, pair.nowMs), "replayed-initiation");
  pair.nowMs += 10_000;
  a.wireguard.initiate(pair.nowMs);
  pair.settle();
  assert.equal(b.receive(initiation, pair.nowMs), "replayed-initiation");
  assert.equal(b.outbox.length, 0);
  assert.ok(pair.passes(a, 3));
});

Deno.test("WireGuard.receive() refuses authentic initiations less than 20 ms apart", () => {
  const pair = new Pair();
  const { a, b } = pair;
  const [first, second] = [0, 5_400].map((atMs) => {
    pair.nowMs = atMs;
    if (atMs === 0) a.wireguard.initiate(atMs);
    else a.wireguard.tick(atMs);
    return a.outbox.pop()!;
  });
  assert.equal(b.receive(first!, 6_000), "handshake");
  assert.equal(b.receive(second!, 6_019), "flood");
  assert.equal(b.receive(second!, 6_020), "handshake");
});

Deno.test("WireGuard.receive() refuses a stranger, and a peer with another preshared key", () => {
  const pair = new Pair();
  const { a, b } = pair;
  const other = { random: pair.random, wallMs: () => 0 };
  const stranger = new End({
    ...other,
    privateKey: new Uint8Array(32).fill(5),
    peerPublicKey: publicKeyOf(pair, b),
  });
  stranger.wireguard.initiate(0);
  assert.equal(b.receive(stranger.outbox.pop()!, 0), "wrong-peer");
  assert.deepEqual(b.outbox, []);

  const [keyA] = [new Uint8Array(32)];
  seededRandom(1)(keyA!);
  const withPsk = new End({
    ...other,
    privateKey: keyA!,
    peerPublicKey: publicKeyOf(pair, b),
    presharedKey: new Uint8Array(32).fill(1),
  });
  withPsk.wireguard.initiate(0);
  assert.equal(b.receive(withPsk.outbox.pop()!, 0), "handshake");
  assert.equal(withPsk.receive(b.outbox.pop()!, 0), "unauthentic");
  assert.equal(a.wireguard.stats.sessions, 0);
});

Deno.test("WireGuard.receive() refuses data replayed, or a response replayed", () => {
  const pair = Pair.established();
  const { a, b } = pair;
  const messages = [1, 2, 3].map((fill) => {
    pair.send(a, fill);
    return a.outbox.pop()!;
  });
  const order = [2, 0, 2, 0, 1, 1];
  const results = order.map((i) => b.receive(messages[i]!, 0));
  assert.deepEqual(results, ["data", "data", "replayed", "replayed", "data", "replayed"]);
  assert.equal(b.wireguard.stats.received.replayed, 3);
  assert.equal(b.delivered.length, 3);
});

Deno.test("WireGuard.receive() refuses a counter at the limit without decrypting", () => {
  const { to, message } = SPECIMENS[3]!.make();
  message.set([0xff, 0xdf, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], 8);
  assert.equal(to.receive(message, 0), "counter-spent");
});

Deno.test("WireGuard under load answers with cookies, and serves who returns one", () => {
  const { pair, initiation } = initiated();
  const { a, b } = pair;
  const here = new TextEncoder().encode("198.51.100.7:1");
  const junk = withMac1(new Uint8Array(148).fill(1, 0, 1).fill(7, 8), publicKeyOf(pair, b));
  const load = () => {
    for (let i = 0; i <= LOAD_MESSAGES_PER_SECOND; i++) b.receive(junk, pair.nowMs, here);
    b.outbox.length = 0;
  };
  load();
  assert.equal(b.receive(initiation, pair.nowMs, here), "cookie-required");
  assert.equal(a.receive(b.outbox.pop()!, pair.nowMs), "cookie");
  assert.deepEqual(a.outbox, [], "a cookie is for the next retransmission");
  pair.nowMs = a.wireguard.nextDeadlineMs();
  a.wireguard.tick(pair.nowMs);
  const second = a.outbox.pop()!;
  load();
  const elsewhere = new TextEncoder().encode("198.51.100.8:1");
  assert.equal(b.receive(second, pair.nowMs, elsewhere), "cookie-required");
  b.outbox.length = 0;
  assert.equal(b.receive(second, pair.nowMs, here), "handshake");
  pair.settle();
  assert.ok(pair.passes(a, 3) && pair.passes(b, 4));
  for (let i = 0; i < 4; i++) b.receive(second, pair.nowMs, here);
  assert.equal(b.receive(second, pair.nowMs, here), "rate-limited", "five at once per source");
});

Deno.test("WireGuard ignores a cookie for a message other than the last, and drops it by age", () => {
  const { pair, initiation } = initiated();
  const { a } = pair;
  const cookie = loadedUntilCookie(pair, initiation);
  pair.nowMs = a.wireguard.nextDeadlineMs();
  a.wireguard.tick(pair.nowMs);
  assert.equal(a.receive(cookie, pair.nowMs), "unknown-index");
  const fresh = loadedUntilCookie(pair, a.outbox.pop()!);
  assert.equal(a.receive(fresh, pair.nowMs), "cookie");
  const hasMac2 = () => a.outbox.pop()!.subarray(132).some((byte) => byte !== 0);
  pair.nowMs += 119_999;
  a.wireguard.initiate(pair.nowMs);
  a.wireguard.tick(pair.nowMs);
  a.outbox.length = 0;
  pair.nowMs += 100_000;
  a.wireguard.initiate(pair.nowMs);
  a.wireguard.tick(pair.nowMs);
  assert.equal(hasMac2(), false);
});

Deno.test("WireGuard stays bounded and goes on under a flood from many sources (seed 42)", () => {
  const pair = Pair.established();
  const { a, b } = pair;
  const { stats } = b.wireguard;
  const random = seededRandom(42);
  const key = publicKeyOf(pair, b);
  const junk = new Uint8Array(148);
  const source = new Uint8Array(6);
  // Past the second that the pair's own handshake counts in.
  pair.nowMs = 2_000;
  for (let i = 0; i < 2_000; i++) {
    random(junk);
    junk.set([1, 0, 0, 0]);
    random(source);
    b.receive(withMac1(junk, key), pair.nowMs + i / 10, source.slice());
    if (i % 500 === 0) {
      b.outbox.length = 0;
      assert.ok(pair.passes(a, i % 251));
    }
  }
  const { received } = stats;
  assert.equal(received.unauthentic, LOAD_MESSAGES_PER_SECOND, "X25519 was done for so many only");
  assert.ok(stats.sent.cookie <= COOKIE_REPLY_RATE.burst + COOKIE_REPLY_RATE.perSecond * 0.2 + 1);
  assert.equal(received["cookie-required"] + received["rate-limited"], 2_000 - 20);
});

Deno.test("WireGuard.receive() never throws on random bytes (seed 7)", () => {
  const pair = Pair.established();
  const random = seededRandom(7);
  for (let i = 0; i < 3_000; i++) {
    const message = new Uint8Array(i % 200);
    random(message);
    message.set([1 + i % 5, 0, 0, 0].slice(0, message.length));
    const result = pair.b.receive(message, i * 100);
    assert.ok(["malformed", "bad-mac1", "unknown-index"].includes(result), result);
  }
  assert.ok(pair.passes(pair.a, 1));
});
