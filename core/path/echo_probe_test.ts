import assert from "node:assert/strict";
import { PacketPool } from "../bytes/mod.ts";
import { ICMP_ECHO_HEADER_BYTES, ipv4Address, isEchoRequest, makeEchoReply } from "../ip/mod.ts";
import { readEchoAnswer, writeEchoProbe } from "./echo_probe.ts";

const IP_BYTES = 20;

/** A request with id 7, and its answer as any stack gives it. */
function probe(): { request: Uint8Array<ArrayBuffer>; answer: Uint8Array<ArrayBuffer> } {
  const packet = new PacketPool({ maxPacketBytes: 100 }).take();
  packet.bytes.fill(0xa5);
  writeEchoProbe(packet, {
    path: "udp-relay",
    seq: 0xfedc_ba98,
    source: ipv4Address(0x0a4d0702),
    destination: ipv4Address(0x0a4d0701),
    id: 7,
  });
  const request = packet.bytes.slice(packet.start, packet.end);
  const answer = request.slice();
  makeEchoReply(new DataView(answer.buffer), IP_BYTES, answer.length);
  return { request, answer };
}

Deno.test("writeEchoProbe() writes a request that a stack answers, and the answer is known", () => {
  const { request, answer } = probe();
  assert.ok(isEchoRequest(new DataView(request.buffer), IP_BYTES, request.length));
  assert.ok(request.length >= IP_BYTES + ICMP_ECHO_HEADER_BYTES);
  const at = { start: 0, end: answer.length, id: 7 };
  assert.deepEqual(readEchoAnswer(answer, at), { path: "udp-relay", seq: 0xfedc_ba98 });
});

Deno.test("readEchoAnswer() leaves requests, other ids and truncations to the stack", () => {
  const { request, answer } = probe();
  assert.equal(readEchoAnswer(request, { start: 0, end: request.length, id: 7 }), undefined);
  assert.equal(readEchoAnswer(answer, { start: 0, end: answer.length, id: 8 }), undefined);
  for (let end = 0; end < answer.length; end++) {
    assert.equal(readEchoAnswer(answer, { start: 0, end, id: 7 }), undefined);
  }
  for (const path of [0, 4, 255]) {
    const other = answer.slice();
    other[IP_BYTES + ICMP_ECHO_HEADER_BYTES] = path;
    assert.equal(readEchoAnswer(other, { start: 0, end: other.length, id: 7 }), undefined);
  }
});
