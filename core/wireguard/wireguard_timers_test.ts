import assert from "node:assert/strict";
import { Pair } from "./_pair.ts";
import { MAX_JITTER_MS } from "./tuning.ts";

Deno.test("WireGuard initiator rekeys when it sends 120 s after the handshake, not before", () => {
  const pair = Pair.established();
  const { a, b } = pair;
  pair.nowMs = 119_999;
  assert.ok(pair.passes(a, 1));
  assert.equal(a.wireguard.stats.sent.initiation, 1);
  pair.nowMs = 120_000;
  assert.ok(pair.passes(a, 2));
  assert.equal(a.wireguard.stats.sent.initiation, 2);
  assert.equal(b.wireguard.stats.sessions, 2);
});

Deno.test("WireGuard responder does not rekey by age", () => {
  const pair = Pair.established();
  pair.nowMs = 170_000;
  pair.send(pair.b, 1);
  assert.equal(pair.b.wireguard.stats.sent.initiation, 0);
});

Deno.test("WireGuard initiator that only receives rekeys 165 s after the handshake", () => {
  const pair = Pair.established();
  const { a, b } = pair;
  pair.nowMs = 164_999;
  assert.ok(pair.passes(b, 1));
  assert.equal(a.wireguard.stats.sent.initiation, 1);
  pair.nowMs = 165_000;
  assert.ok(pair.passes(b, 2));
  assert.equal(a.wireguard.stats.sessions, 2);
});

Deno.test("WireGuard neither sends nor receives with a session of 180 s", () => {
  const pair = Pair.established();
  const { a, b } = pair;
  pair.nowMs = 179_999;
  pair.send(b, 1);
  const [sealed] = b.outbox.splice(0);
  assert.equal(sealed![0], 4);
  assert.equal(a.receive(sealed!, 180_000), "expired");
  pair.nowMs = 180_000;
  pair.send(b, 2);
  assert.deepEqual(b.outbox.map((message) => message[0]), [1]);
  pair.settle();
  assert.equal(a.delivered.at(-1)![0], 2);
});

Deno.test("WireGuard answers data with a keepalive after 10 s of silence, once", () => {
  const pair = Pair.established();
  const { a, b } = pair;
  pair.passes(a, 1);
  pair.advance(5_000);
  pair.passes(a, 2);
  pair.advance(4_999);
  assert.equal(b.wireguard.stats.sent.keepalive, 0);
  pair.advance(1);
  assert.equal(b.wireguard.stats.sent.keepalive, 1);
  pair.advance(100_000);
  assert.equal(b.wireguard.stats.sent.keepalive, 1, "nor is a keepalive answered by one");
  assert.equal(a.wireguard.stats.sent.keepalive, 1, "only the one that confirmed the session");
});

Deno.test("WireGuard starts a handshake 15 s after data that nothing answers", () => {
  const pair = Pair.established();
  const { a } = pair;
  pair.lose = () => true;
  pair.advance(10_000);
  pair.passes(a, 1);
  pair.advance(2_000);
  pair.passes(a, 2);
  pair.advance(12_999);
  assert.equal(a.wireguard.stats.sent.initiation, 1);
  pair.advance(MAX_JITTER_MS + 1);
  assert.equal(a.wireguard.stats.sent.initiation, 2);
  pair.lose = () => false;
  pair.advance(5_000 + MAX_JITTER_MS);
  assert.equal(a.wireguard.stats.sessions, 2);
});

Deno.test("WireGuard repeats an initiation every 5 s with jitter, and gives up after 90 s", () => {
  const pair = new Pair();
  const { a, b } = pair;
  const times: number[] = [];
  const indices = new Set<string>();
  pair.lose = (_, message) => {
    times.push(pair.nowMs);
    indices.add(message.subarray(4, 40).join());
    return true;
  };
  pair.send(a, 1);
  pair.settle();
  pair.advance(200_000);
  assert.ok(times.length >= 17 && times.length <= 18, `${times.length}`);
  assert.equal(indices.size, times.length, "each has an index and an ephemeral key of its own");
  const gaps = times.slice(1).map((time, i) => time - times[i]!);
  assert.ok(gaps.every((gap) => gap >= 5_000 && gap < 5_000 + MAX_JITTER_MS));
  assert.ok(new Set(gaps).size > 5, "jitter varies");
  assert.ok(times.at(-1)! < 90_000);
  assert.equal(a.wireguard.stats.sendDropped["gave-up"], 1);
  assert.equal(a.wireguard.nextDeadlineMs(), Infinity);
  pair.lose = () => false;
  assert.ok(pair.passes(a, 2));
  assert.equal(b.delivered.length, 1, "what was given up is not sent late");
});

Deno.test("WireGuard accepts no response to an initiation it has repeated", () => {
  const pair = new Pair();
  const { a, b } = pair;
  a.wireguard.initiate(0);
  b.receive(a.outbox.pop()!, 0);
  const late = b.outbox.pop()!;
  a.wireguard.tick(6_000);
  assert.equal(a.receive(late, 6_000), "unknown-index");
});

Deno.test("WireGuard waits its turn and initiates when what it answered is never confirmed", () => {
  const pair = new Pair();
  const { a, b } = pair;
  a.wireguard.initiate(0);
  b.receive(a.outbox.pop()!, 0);
  b.outbox.pop();
  pair.send(b, 1);
  assert.equal(b.outbox.length, 0);
  pair.nowMs = b.wireguard.nextDeadlineMs();
  assert.ok(pair.nowMs >= 5_000 && pair.nowMs < 5_000 + MAX_JITTER_MS);
  b.wireguard.tick(pair.nowMs);
  pair.settle();
  assert.equal(a.delivered[0]![0], 1);
});

Deno.test("WireGuard keeps a path open by a keepalive after each persistent interval (wire 40)", () => {
  const pair = Pair.established({ persistentKeepaliveMs: 25_000 });
  const { a, b } = pair;
  assert.equal(b.wireguard.stats.sent.keepalive, 0);
  pair.advance(24_999);
  assert.equal(a.wireguard.stats.sent.keepalive, 1);
  pair.advance(1);
  assert.equal(a.wireguard.stats.sent.keepalive + b.wireguard.stats.sent.keepalive, 3);
  pair.advance(3_600_000);
  const { sessions } = a.wireguard.stats;
  assert.ok(sessions >= 3_600 / 180 && sessions <= 3_600 / 110, `${sessions} sessions in an hour`);
  assert.ok(pair.passes(a, 1) && pair.passes(b, 2));
});

Deno.test("WireGuard with persistent keepalive comes back by itself after a long outage", () => {
  const pair = Pair.established({ persistentKeepaliveMs: 25_000 });
  pair.lose = () => true;
  pair.advance(3_600_000);
  pair.lose = () => false;
  pair.advance(30_000);
  assert.ok(pair.a.wireguard.stats.lastSessionMs > 3_600_000);
});

Deno.test("WireGuard forgets all sessions 540 s after the last handshake", () => {
  const pair = Pair.established();
  const { a, b } = pair;
  pair.send(b, 1);
  const [sealed] = b.outbox.splice(0);
  b.wireguard.tick(539_999);
  a.wireguard.tick(539_999);
  assert.equal(a.receive(sealed!, 539_999), "expired", "still known, if of no use");
  a.outbox.length = 0;
  a.wireguard.tick(540_000);
  assert.equal(a.receive(sealed!, 540_000), "unknown-index");
});

Deno.test("WireGuard rekeys although the wall clock steps back", () => {
  const pair = Pair.established();
  for (let i = 1; i <= 5; i++) {
    pair.wallOffsetMs -= 86_400_000;
    pair.nowMs += 125_000;
    assert.ok(pair.passes(pair.a, i));
    assert.equal(pair.b.wireguard.stats.sessions, i + 1);
  }
  assert.equal(pair.b.wireguard.stats.received["replayed-initiation"], 0);
});
