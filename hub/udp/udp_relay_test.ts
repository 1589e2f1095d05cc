import assert from "node:assert/strict";
import { decodeHex, encodeHex } from "../../core/bytes/mod.ts";
import { encodeBindingRequest, readStunMessage } from "../../core/stun/mod.ts";
import { UdpRig } from "../testing/mod.ts";
import type { UdpDrop } from "./stats.ts";

const A = "192.0.2.1:4001";
const B = "198.51.100.2:4002";
const hex = (text: string) => decodeHex(text.replaceAll(" ", ""))!;
const FRAME = "54 00 00 aa bb cc dd 04 00 00 00 11 22";
const RELAYED = "54 07 00 aa bb cc dd 04 00 00 00 11 22";

/** Two sides, of which those named have probed. */
function rigWith(...probed: string[]) {
  const rig = new UdpRig();
  const { a, b, pairing } = rig.pair();
  const [sideA, sideB] = pairing;
  const { token: tokenA } = sideA;
  const { token: tokenB } = sideB;
  if (probed.includes(A)) rig.arrive(A, tokenA, "PROBE");
  if (probed.includes(B)) rig.arrive(B, tokenB, "PROBE");
  return { rig, a, b, pairing, sideA, sideB, tokenA, tokenB };
}

function assertDropped(rig: UdpRig, reason: UdpDrop, count = 1): void {
  const { drops } = rig.relay.stats;
  const others = Object.values(drops).reduce((sum, each) => sum + each, 0) - drops[reason];
  assert.deepEqual([drops[reason], others], [count, 0], reason);
}

Deno.test("a probe is answered to its source as often as it comes, 13 bytes for 13 (wire 27)", () => {
  const { rig, tokenA, tokenB } = rigWith();
  assert.notDeepEqual(tokenA, tokenB);
  for (const from of [A, A, B]) {
    const sent = rig.arrive(from, tokenA, "PROBE");
    assert.equal(sent?.to, from);
    assert.equal(encodeHex(sent.bytes), `${encodeHex(tokenA)}5245414459`);
  }
  assert.equal(rig.relay.stats.probes, 3);
});

Deno.test("an unknown token, or less than a token, is met with silence (wire 27)", () => {
  const { rig, tokenA } = rigWith();
  for (let lenBytes = 0; lenBytes < 8; lenBytes++) {
    assert.equal(rig.arrive(A, tokenA.subarray(0, lenBytes)), undefined);
  }
  assertDropped(rig, "too-short", 8);
  const { rig: other } = rigWith();
  for (const payload of ["PROBE", hex(FRAME), ""]) {
    assert.equal(other.arrive(A, hex("00 00 00 00 00 00 00 00"), payload), undefined);
  }
  assertDropped(other, "unknown-token", 3);
});

Deno.test("a frame goes by UDP to a side that has probed, with its token and hop 7 (wire 28)", () => {
  const { rig, b, tokenA, tokenB } = rigWith(B);
  const sent = rig.arrive(A, tokenA, hex(FRAME));
  assert.equal(sent?.to, B);
  assert.deepEqual(sent.bytes, new Uint8Array([...tokenB, ...hex(RELAYED)]));
  assert.deepEqual(b.frames, []);
  const back = rig.arrive(B, tokenB, hex(FRAME));
  assert.equal(back?.to, A, "the frame itself has told where A is");
  assert.deepEqual(back.bytes, new Uint8Array([...tokenA, ...hex(RELAYED)]));
  assert.equal(rig.relay.stats.toUdp, 2);
});

Deno.test("a frame goes by WebSocket to a side that has not probed, without the token (wire 28)", () => {
  const { rig, b, tokenA } = rigWith(A);
  assert.equal(rig.arrive(A, tokenA, hex(FRAME)), undefined);
  assert.deepEqual(b.frames, [hex(RELAYED)]);
  assert.equal(rig.relay.stats.toWebSocket, 1);
});

Deno.test("a side whose WebSocket is full loses the frame and holds up nothing", () => {
  const { rig, b, tokenA } = rigWith(A);
  b.isStalled = true;
  assert.equal(rig.arrive(A, tokenA, hex(FRAME)), undefined);
  assertDropped(rig, "slow-receiver");
  b.isStalled = false;
  rig.arrive(A, tokenA, hex(FRAME));
  assert.equal(b.frames.length, 1);
});

const HEADERS: [frame: string, outcome: UdpDrop | string][] = [
  ["54 00 00 aa bb cc dd", "54 07 00 aa bb cc dd"],
  ["54 05 01 aa bb cc dd 01", "54 04 01 aa bb cc dd 01"],
  ["54 01 00 aa bb cc dd 04", "hops-exhausted"],
  ["55 00 00 aa bb cc dd 04", "invalid-frame"],
  ["54 00 00 aa bb cc", "invalid-frame"],
  ["", "invalid-frame"],
  ["50 52 4f 42 45 00", "invalid-frame"], // PROBE and a zero
  ["50 52 4f 42", "invalid-frame"],
  ["52 45 41 44 59", "invalid-frame"], // READY
];

for (const [frame, outcome] of HEADERS) {
  Deno.test(`behind a known token, [${frame}] becomes ${outcome} (wire 23, 28)`, () => {
    const { rig, tokenA, tokenB } = rigWith(B);
    const sent = rig.arrive(A, tokenA, hex(frame));
    if (outcome in rig.relay.stats.drops) {
      assert.equal(sent, undefined);
      assertDropped(rig, outcome as UdpDrop);
    } else {
      assert.deepEqual(sent?.bytes, new Uint8Array([...tokenB, ...hex(outcome)]));
    }
  });
}

Deno.test("a new source moves a side within one datagram, whatever it carries (wire 30)", () => {
  const { rig, tokenA, tokenB } = rigWith(A, B);
  const moves = ["192.0.2.1:5000", "192.0.2.99:5000", A];
  const carried = [hex(FRAME), "", "rubbish"];
  for (const [i, from] of moves.entries()) {
    rig.arrive(from, tokenA, carried[i]!);
    assert.equal(rig.arrive(B, tokenB, hex(FRAME))?.to, from);
  }
  assert.equal(rig.relay.stats.rebinds, 3);
});

Deno.test("sources that alternate too fast are not followed, but their frames are relayed", () => {
  const { rig, tokenA, tokenB } = rigWith(A, B);
  const froms = Array.from({ length: 1000 }, (_, i) => i % 2 === 0 ? "203.0.113.9:9" : A);
  for (const from of froms) assert.equal(rig.arrive(from, tokenA, hex(FRAME))?.to, B);
  const { stats } = rig.relay;
  assert.equal(stats.rebinds, 64);
  assert.ok(stats.rebindsRefused > 0);
  rig.nowMs += 1000;
  rig.arrive("203.0.113.77:7", tokenA, hex(FRAME));
  assert.equal(rig.arrive(B, tokenB, hex(FRAME))?.to, "203.0.113.77:7", "followed again");
});

Deno.test("tokens stop working when the session ends, and others go on (wire 31)", () => {
  const { rig, pairing, tokenA, tokenB } = rigWith(A, B);
  const other = rig.pair();
  rig.relay.release(pairing);
  for (const token of [tokenA, tokenB]) {
    assert.equal(rig.arrive(A, token, "PROBE"), undefined);
    assert.equal(rig.arrive(A, token, hex(FRAME)), undefined);
  }
  assertDropped(rig, "unknown-token", 4);
  assert.equal(rig.relay.tokenCount, 2);
  assert.ok(rig.arrive(A, other.pairing[0].token, "PROBE"));
});

Deno.test("a side that sends by WebSocket and is silent on UDP for 10 s has left UDP (wire 5.3)", () => {
  const { rig, sideB, b, tokenA, tokenB } = rigWith(A, B);
  const next = () => rig.arrive(A, tokenA, hex(FRAME))?.to ?? "WebSocket";
  rig.nowMs = 60_000;
  assert.equal(next(), B, "silence alone is no reason: the side may be idle");
  sideB.usesWebSocket = true;
  assert.equal(next(), "WebSocket");
  rig.arrive(B, tokenB, hex(FRAME));
  assert.equal(next(), B, "it is back");
  rig.nowMs += 60_000;
  assert.equal(next(), B, "what it sent by WebSocket before counts no more");
  rig.arrive(B, tokenB, hex(FRAME));
  sideB.usesWebSocket = true;
  rig.nowMs += 10_000;
  assert.equal(next(), B, "it may use both for a while");
  assert.equal(b.frames.length, 1);
});

Deno.test("STUN requests are answered on the same port with the source's address", () => {
  const { rig } = rigWith();
  const request = encodeBindingRequest(hex("01 02 03 04 05 06 07 08 09 0a 0b 0c"));
  const sent = rig.arrive(A, request);
  assert.equal(sent?.to, A);
  const answer = readStunMessage(sent.bytes);
  assert.equal(answer.kind === "success" && answer.mapped.text, A);
  assert.equal(sent.bytes.length, 32, "little more than the request's 20");
  assert.equal(rig.relay.stats.stun, 1);
  assert.equal(rig.arrive(A, request.subarray(0, 19)), undefined);
  assertDropped(rig, "unknown-token");
});

Deno.test("what begins as STUN and is no request is not answered", () => {
  const { rig } = rigWith();
  const response = encodeBindingRequest(new Uint8Array(12));
  response[0] = 1; // a success response: no answer, or two servers would talk forever
  assert.equal(rig.arrive(A, response), undefined);
  assertDropped(rig, "stun-invalid");
});

Deno.test("STUN floods are answered at a bounded rate, for each source and in total", () => {
  const { rig } = rigWith();
  const request = encodeBindingRequest(new Uint8Array(12));
  for (let i = 0; i < 160; i++) rig.arrive(A, request);
  assert.equal(rig.relay.stats.stun, 100);
  rig.nowMs = 1000;
  for (let i = 0; i < 20_000; i++) rig.arrive(`10.${i >> 8}.${i & 255}.1:3478`, request);
  assert.equal(rig.relay.stats.stun, 100 + 1000);
  assert.equal(rig.relay.stats.drops["stun-rate"], 60 + 19_000);
  rig.nowMs = 2000;
  assert.ok(rig.arrive(A, request), "afterwards it goes on");
});

Deno.test("a flood of probes is answered at a bounded rate and costs other sessions nothing", () => {
  const { rig, tokenA, tokenB } = rigWith(B);
  for (let i = 0; i < 1000; i++) rig.arrive(A, tokenA, "PROBE");
  assertDropped(rig, "probe-rate", 1000 - 256);
  assert.ok(rig.arrive(B, tokenB, "PROBE"));
  assert.equal(rig.arrive(A, tokenA, hex(FRAME))?.to, B);
});

Deno.test("a forged source that cannot be answered moves nothing", () => {
  const { rig, tokenA, tokenB } = rigWith(A, B);
  assert.equal(rig.arrive("192.0.2.1:0", tokenA, "PROBE"), undefined);
  assertDropped(rig, "bad-source");
  assert.equal(rig.arrive(B, tokenB, hex(FRAME))?.to, A);
});

Deno.test("the largest datagram is relayed whole", () => {
  const { rig, tokenA, tokenB } = rigWith(B);
  const frame = new Uint8Array(65_507 - 8).map((_, i) => i * 7);
  frame.set(hex("54 00 00"));
  const sent = rig.arrive(A, tokenA, frame);
  frame[1] = 7;
  assert.deepEqual(sent?.bytes, new Uint8Array([...tokenB, ...frame]));
});

Deno.test("adopt() takes tokens of others, unless one is taken already", () => {
  const rig = new UdpRig();
  const [one, two] = [hex("0102030405060708"), hex("1112131415161718")] as const;
  const sinks = [{ frame: () => true }, { frame: () => true }] as const;
  const copy = (bytes: Uint8Array) => new Uint8Array(bytes);
  assert.ok(rig.relay.adopt([copy(one), copy(two)], sinks));
  assert.ok(rig.arrive(A, one, "PROBE"));
  const fresh = copy(hex("2122232425262728"));
  assert.equal(rig.relay.adopt([fresh, copy(two)], sinks), undefined);
  assert.equal(rig.relay.adopt([copy(one), fresh], sinks), undefined);
  assert.equal(rig.relay.adopt([fresh, fresh], sinks), undefined);
  assert.equal(rig.relay.tokenCount, 2);
  assert.equal(rig.arrive(A, fresh, "PROBE"), undefined);
});
