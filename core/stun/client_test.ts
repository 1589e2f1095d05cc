import assert from "node:assert/strict";
import { type Endpoint, parseEndpoint } from "../endpoint/mod.ts";
import { StunClient } from "./client.ts";
import { encodeBindingSuccess, encodeUnknownAttributes } from "./message.ts";
import { judgeNat } from "./nat.ts";

const A = parseEndpoint("192.0.2.1:41820")!;
const B = parseEndpoint("198.51.100.1:3478")!;
const B2 = parseEndpoint("198.51.100.1:3479")!;
const LOCAL = parseEndpoint("10.0.0.2:50000")!;
const SEEN = parseEndpoint("203.0.113.9:40001")!;
const SEEN2 = parseEndpoint("203.0.113.9:40002")!;

interface Sent {
  bytes: Uint8Array;
  to: Endpoint;
}

function ask(servers: Endpoint[]): { client: StunClient; sent: Sent[] } {
  const sent: Sent[] = [];
  let next = 0;
  const client = new StunClient({
    servers,
    random: (out) => void out.fill(++next),
    send: (bytes, to) => void sent.push({ bytes, to }),
  });
  return { client, sent };
}

const idOf = (bytes: Uint8Array) => bytes.subarray(8, 20);

Deno.test("StunClient sends five requests at the times of RFC 8489 and then gives up", () => {
  const { client, sent } = ask([A]);
  client.tick(0);
  const times = [0];
  for (let now = client.nextDeadlineMs(); now < Infinity; now = client.nextDeadlineMs()) {
    const before = sent.length;
    client.tick(now - 1);
    assert.equal(sent.length, before, "nothing is sent early");
    client.tick(now);
    if (sent.length > before) times.push(now);
    else assert.equal(now, 15_500, "the end of the last wait");
  }
  assert.deepEqual(times, [0, 500, 1500, 3500, 7500]);
  assert.equal(new Set(sent.map(({ bytes }) => idOf(bytes).toHex())).size, 1, "one transaction");
  assert.deepEqual(client.results, [{ state: "failed", server: A, reason: "timeout" }]);
});

Deno.test("StunClient asks each server once and measures a single round trip", () => {
  const { client, sent } = ask([A, B, A]);
  client.tick(100);
  assert.deepEqual(sent.map(({ to }) => to.text), [A.text, B.text]);
  const answer = encodeBindingSuccess(idOf(sent[0]!.bytes), SEEN);
  assert.equal(client.receive(answer, { source: A, nowMs: 120 }), "mapped");
  assert.deepEqual(client.results, [
    { state: "mapped", server: A, mapped: SEEN, rttMs: 20 },
    { state: "waiting", server: B },
  ]);
  client.tick(600);
  const late = encodeBindingSuccess(idOf(sent[1]!.bytes), SEEN);
  assert.equal(client.receive(late, { source: B, nowMs: 700 }), "mapped");
  assert.deepEqual(client.results[1], { state: "mapped", server: B, mapped: SEEN });
  assert.equal(client.nextDeadlineMs(), Infinity);
  assert.equal(sent.length, 3);
});

Deno.test("StunClient takes no answer that was not asked for", () => {
  const { client, sent } = ask([A, B]);
  client.tick(0);
  const good = encodeBindingSuccess(idOf(sent[0]!.bytes), SEEN);
  const forged = good.slice();
  forged[19]! ^= 1;
  const receive = (bytes: Uint8Array, source: Endpoint) =>
    client.receive(bytes, { source, nowMs: 1 });
  assert.equal(receive(forged, A), "unknown-transaction");
  assert.equal(receive(good, B), "unknown-transaction");
  assert.equal(receive(sent[0]!.bytes, A), "not-response");
  assert.equal(receive(new Uint8Array(3), A), "not-stun");
  assert.equal(client.results[0]!.state, "waiting");
  assert.equal(receive(good, A), "mapped");
  assert.equal(receive(good, A), "unknown-transaction", "a second time");
});

Deno.test("StunClient gives a server up that refuses", () => {
  const { client, sent } = ask([A]);
  client.tick(0);
  const error = encodeUnknownAttributes(idOf(sent[0]!.bytes), [1]);
  assert.equal(client.receive(error, { source: A, nowMs: 5 }), "refused");
  assert.deepEqual(client.results, [{ state: "failed", server: A, reason: "refused" }]);
  assert.equal(client.nextDeadlineMs(), Infinity);
});

Deno.test("StunClient without servers has nothing to do", () => {
  const { client } = ask([]);
  client.tick(0);
  assert.equal(client.nextDeadlineMs(), Infinity);
});

Deno.test("judgeNat() compares what two servers saw", () => {
  const mapped = (server: Endpoint, seen: Endpoint) =>
    ({ state: "mapped", server, mapped: seen }) as const;
  const failed = (server: Endpoint) => ({ state: "failed", server, reason: "timeout" }) as const;
  const waiting = { state: "waiting", server: B } as const;
  const cases: [Parameters<typeof judgeNat>[0], string][] = [
    [[mapped(A, SEEN), mapped(B, SEEN)], "endpoint-independent"],
    [[mapped(A, SEEN), mapped(B, SEEN2)], "address-dependent"],
    [[mapped(B, SEEN), mapped(B2, SEEN2)], "address-dependent"],
    [[mapped(B, SEEN), mapped(B2, SEEN)], "unknown"],
    [[mapped(A, SEEN), failed(B)], "unknown"],
    [[mapped(A, LOCAL), failed(B)], "none"],
    [[mapped(A, LOCAL), mapped(B, LOCAL)], "none"],
    [[failed(A), failed(B)], "blocked"],
    [[failed(A), waiting], "unknown"],
    [[], "unknown"],
  ];
  for (const [results, verdict] of cases) assert.equal(judgeNat(results, [LOCAL]), verdict);
});
