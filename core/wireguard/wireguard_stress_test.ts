import assert from "node:assert/strict";
import { collectGarbage } from "../bytes/testing/mod.ts";
import { type End, Pair, seededRandom } from "./_pair.ts";
import { publicKey } from "./keys.ts";
import { MacWriter } from "./mac_writer.ts";
import type { WireGuardStats } from "./stats.ts";
import { COOKIE_REPLY_RATE, LOAD_MESSAGES_PER_SECOND } from "./tuning.ts";

const FLOOD_PER_MS = 10;
const SEED = 23;

type Name = "a" | "b";

/** The pair draws its keys first, `a` before `b`. */
function publicKeyOf(name: Name): Uint8Array {
  const random = seededRandom(1);
  const keys = { a: new Uint8Array(32), b: new Uint8Array(32) };
  Object.values(keys).forEach(random);
  return publicKey(keys[name]);
}

/** Random messages of a kind that takes part in handshakes; which macs are valid, or zeros. */
function junk(
  o: {
    type: 1 | 2;
    macs: "random" | "mac1" | "mac1, random mac2";
    receiver?: Uint8Array;
    to?: Name;
  },
): Uint8Array[] {
  const random = seededRandom(SEED);
  const writer = new MacWriter(publicKeyOf(o.to ?? "b"));
  return Array.from({ length: 256 }, () => {
    const message = new Uint8Array(o.type === 1 ? 148 : 92);
    random(message);
    message.set([o.type, 0, 0, 0]);
    if (o.receiver) message.set(o.receiver, 8);
    const end = message.length;
    const mac2 = message.slice(end - 16);
    if (o.macs !== "random") writer.write(message, { start: 0, end, nowMs: 0 });
    if (o.macs === "mac1, random mac2") message.set(mac2, end - 16);
    return message;
  });
}

interface Flood {
  pair: Pair;
  messages: Uint8Array[];
  forMs: number;
  /** Of `End.receive`, for each message by its number. */
  source: (i: number) => Uint8Array;
  /** The end flooded. Default `b`. */
  to?: Name;
}

const manySources = (i: number) => Uint8Array.of(i, i >>> 8, i >>> 16, 9, 1, 1);

/** Floods one end while both ends send to each other each millisecond; all of that must arrive. */
function flood({ pair, messages, forMs, source, to = "b" }: Flood): void {
  const { a, b } = pair;
  const flooded = pair[to];
  let count = 0;
  const untilMs = pair.nowMs + forMs;
  for (; pair.nowMs < untilMs; pair.nowMs++) {
    for (let i = 0; i < FLOOD_PER_MS; i++, count++) {
      flooded.receive(messages[count % messages.length]!, pair.nowMs, source(count));
    }
    // What answers the flood goes to where it came from.
    flooded.outbox = flooded.outbox.filter((message) => message[0] !== 3);
    const fill = pair.nowMs & 255;
    assert.ok(pair.passes(a, fill) && pair.passes(b, fill), `at ${pair.nowMs} ms`);
    a.delivered.length = b.delivered.length = 0;
  }
}

/** Cookie replies that may be sent, or opened, in so many seconds. */
function mostReplies(seconds: number): number {
  return COOKIE_REPLY_RATE.perSecond * seconds + COOKIE_REPLY_RATE.burst;
}

/** Messages for which at least one X25519 was done. */
function costly({ received }: WireGuardStats): number {
  return received.unauthentic + received["low-order"] + received["wrong-peer"] +
    received.handshake + received["replayed-initiation"] + received.flood;
}

for (const to of ["a", "b"] as const) {
  for (const macs of ["random", "mac1", "mac1, random mac2"] as const) {
    const whom = to === "a" ? "the initiator" : "the responder";
    Deno.test(`WireGuard carries all traffic under 10,000 initiations a second to ${whom}, macs: ${macs} (seed ${SEED})`, () => {
      const pair = Pair.established();
      pair.passes(pair.a, 1);
      const { stats } = pair[to].wireguard;
      // Past the second in which the pair's own handshake counts.
      pair.nowMs = 2_000;
      const [before, responses, seconds] = [costly(stats), stats.sent.response, 3];
      const messages = junk({ type: 1, macs, to });
      flood({ pair, messages, forMs: seconds * 1_000, source: manySources, to });
      const hasMac1 = macs !== "random";
      assert.equal(costly(stats) - before, hasMac1 ? LOAD_MESSAGES_PER_SECOND : 0);
      const replies = hasMac1 ? mostReplies(seconds) : 0;
      assert.ok(stats.sent.cookie <= replies, `${stats.sent.cookie} cookie replies`);
      assert.equal(stats.received["bad-mac1"], hasMac1 ? 0 : seconds * 10_000);
      assert.equal(stats.sent.response, responses, "nothing of the flood was answered");
    });
  }
}

Deno.test("WireGuard carries all traffic under a flood of one replayed initiation", () => {
  const pair = new Pair();
  const { a, b } = pair;
  a.wireguard.initiate(0);
  const initiation = a.outbox[0]!.slice();
  pair.settle();
  pair.nowMs = 2_000;
  const before = costly(b.wireguard.stats);
  flood({ pair, messages: [initiation], forMs: 1_000, source: () => Uint8Array.of(1) });
  assert.equal(costly(b.wireguard.stats) - before, LOAD_MESSAGES_PER_SECOND);
});

/** A pair with a session, one of which has sent an initiation; whoever sees that knows its index. */
function initiating(): { pair: Pair; b: Pair["b"]; receiver: Uint8Array } {
  const pair = Pair.established();
  const { b } = pair;
  pair.passes(pair.a, 1);
  pair.nowMs = 10_000;
  b.wireguard.initiate(pair.nowMs);
  return { pair, b, receiver: b.outbox.pop()!.slice(4, 8) };
}

Deno.test("WireGuard carries all traffic under a flood of responses to its own initiation", () => {
  const { pair, b, receiver } = initiating();
  const messages = junk({ type: 2, macs: "mac1", receiver });
  const { stats } = b.wireguard;
  const before = costly(stats);
  flood({ pair, messages, forMs: 1_000, source: manySources });
  assert.equal(costly(stats) - before, LOAD_MESSAGES_PER_SECOND);
  assert.equal(stats.received["unknown-index"], 0, "the flood was of the kind meant");
});

Deno.test("WireGuard opens few of a flood of cookie replies to its own initiation", () => {
  const { pair, b, receiver } = initiating();
  const random = seededRandom(SEED);
  const messages = Array.from({ length: 256 }, () => {
    const message = new Uint8Array(64);
    random(message);
    message.set([3, 0, 0, 0, ...receiver]);
    return message;
  });
  const seconds = 2;
  flood({ pair, messages, forMs: seconds * 1_000, source: manySources });
  const { received } = b.wireguard.stats;
  assert.equal(received.unauthentic + received["rate-limited"], seconds * 10_000);
  assert.ok(received.unauthentic <= mostReplies(seconds));
  assert.ok(
    received.unauthentic >= COOKIE_REPLY_RATE.perSecond * seconds,
    "one of the peer may be",
  );
});

/** Bytes of the heap in use, garbage collected. */
function heapBytes(): number {
  collectGarbage();
  collectGarbage();
  return Deno.memoryUsage().heapUsed;
}

Deno.test("WireGuard holds no memory for a flood, from however many sources", () => {
  const pair = Pair.established();
  const { b } = pair;
  pair.passes(pair.a, 1);
  pair.nowMs = 2_000;
  const messages = junk({ type: 1, macs: "mac1" });
  const shower = (count: number, first: number) => {
    for (let i = 0; i < count; i++) {
      b.receive(messages[i % messages.length]!, pair.nowMs += 0.1, manySources(first + i));
      b.outbox.length = 0;
    }
  };
  shower(5_000, 0);
  const before = heapBytes();
  shower(40_000, 5_000);
  const grown = heapBytes() - before;
  // An entry for each source would be 4 MB; code that the compiler is done with just now, 0.3.
  assert.ok(grown < 2_000_000, `${grown} bytes more`);
});

/** Puts `b` under load without the peer's doing. */
function load(b: End, nowMs: number): void {
  const messages = junk({ type: 1, macs: "mac1" });
  for (let i = 0; i <= LOAD_MESSAGES_PER_SECOND; i++) {
    b.receive(messages[i]!, nowMs, manySources(i));
  }
  b.outbox.length = 0;
}

Deno.test("WireGuard rekeys under load by a cookie while traffic goes on", () => {
  const pair = Pair.established();
  const { a, b } = pair;
  pair.passes(a, 1);
  const cookies: number[] = [];
  for (let fill = 0; pair.nowMs < 130_000; fill = fill + 1 & 255) {
    load(b, pair.nowMs);
    const before = b.wireguard.stats.sent.cookie;
    assert.ok(pair.passes(a, fill) && pair.passes(b, fill), `at ${pair.nowMs} ms`);
    if (b.wireguard.stats.sent.cookie > before) cookies.push(pair.nowMs);
    pair.advance(500);
  }
  const { stats } = a.wireguard;
  assert.deepEqual(cookies, [120_000], "one initiation without a proof");
  assert.deepEqual([stats.sent.initiation, stats.received.cookie, stats.sessions], [3, 1, 2]);
  assert.ok(stats.lastSessionMs >= 125_000 && stats.lastSessionMs < 126_000);
});

for (const to of ["a", "b"] as const) {
  const role = to === "a" ? "initiator" : "responder";
  Deno.test(`WireGuard ${role} outlives its session under a flood that leaves nobody a cookie`, () => {
    const pair = Pair.established();
    const { a, b } = pair;
    const flooded = pair[to];
    const messages = junk({ type: 1, macs: "mac1", to });
    let count = 0;
    pair.advance(119_000);
    for (; pair.nowMs < 190_000; pair.advance(1)) {
      // More than the cookie replies of a millisecond, and first in each.
      for (let i = 0; i < 2; i++) {
        flooded.receive(messages[count++ % messages.length]!, pair.nowMs, manySources(count));
      }
      flooded.outbox = flooded.outbox.filter((message) => message[0] !== 3);
      if (pair.nowMs % 100 !== 0) continue;
      assert.ok(pair.passes(b, 1) && pair.passes(a, 2), `at ${pair.nowMs} ms`);
      a.delivered.length = b.delivered.length = 0;
    }
    assert.equal(flooded.wireguard.stats.sessions, 2);
  });
}

Deno.test("WireGuard under load of responses wants a cookie of one, and takes the next by it", () => {
  const pair = Pair.established();
  const { a, b } = pair;
  pair.passes(a, 1);
  pair.nowMs = 10_000;
  /** Lets `a` initiate, puts it under load, and returns the response of `b`. */
  const answered = () => {
    const initiation = a.outbox.pop()!;
    const receiver = initiation.slice(4, 8);
    for (const message of junk({ type: 2, macs: "mac1", receiver, to: "a" })) {
      a.receive(message, pair.nowMs, manySources(0));
    }
    a.outbox.length = 0;
    assert.equal(b.receive(initiation, pair.nowMs), "handshake");
    return b.outbox.pop()!;
  };
  a.wireguard.initiate(pair.nowMs);
  assert.equal(a.receive(answered(), pair.nowMs), "rate-limited", "no cookie reply is left");
  pair.nowMs = a.wireguard.nextDeadlineMs();
  a.wireguard.tick(pair.nowMs);
  const refused = answered();
  pair.nowMs += 100;
  assert.equal(a.receive(refused, pair.nowMs), "cookie-required");
  assert.equal(b.receive(a.outbox.pop()!, pair.nowMs), "cookie");
  pair.nowMs = a.wireguard.nextDeadlineMs();
  a.wireguard.tick(pair.nowMs);
  assert.equal(a.receive(answered(), pair.nowMs), "handshake");
  assert.ok(pair.passes(a, 2) && pair.passes(b, 3));
});
