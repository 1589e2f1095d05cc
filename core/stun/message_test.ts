import assert from "node:assert/strict";
import fc from "fast-check";
import { decodeHex } from "../bytes/mod.ts";
import { type Endpoint, endpointOf, parseEndpoint } from "../endpoint/mod.ts";
import {
  encodeBindingRequest,
  encodeBindingSuccess,
  encodeUnknownAttributes,
  readStunMessage,
} from "./message.ts";
import { answerBindingRequest } from "./server.ts";
import vectors from "./testdata/rfc5769.json" with { type: "json" };

const ID = Uint8Array.from({ length: 12 }, (_, i) => i + 1);
const SOURCE = parseEndpoint("203.0.113.9:40001")!;
const SUCCESS = encodeBindingSuccess(ID, SOURCE);

/** A message with `attributes`, each a type and a value. */
function message(type: number, attributes: [number, number[]][]): Uint8Array<ArrayBuffer> {
  const body = attributes.flatMap(([attribute, value]) => [
    attribute >> 8,
    attribute & 255,
    value.length >> 8,
    value.length & 255,
    ...value,
    ...new Array<number>(-value.length & 3).fill(0x20),
  ]);
  const bytes = Uint8Array.of(...encodeBindingRequest(ID), ...body);
  bytes.set([type >> 8, type & 255, body.length >> 8, body.length & 255]);
  return bytes;
}

const MAPPED: [number, number[]] = [0x0020, [...SUCCESS.subarray(24)]];

Deno.test("readStunMessage() reads the sample responses of RFC 5769", () => {
  for (const { message, mapped } of [vectors.ipv4, vectors.ipv6]) {
    const read = readStunMessage(decodeHex(message)!);
    assert.equal(read.kind === "success" && read.mapped.text, mapped);
  }
});

Deno.test("readStunMessage() names the attributes of a request that must be understood", () => {
  const request = decodeHex(vectors.request)!;
  assert.deepEqual(readStunMessage(request), { kind: "request", unknown: [0x0024] });
});

Deno.test("readStunMessage() reads back every success that is written", () => {
  const address = fc.oneof(
    fc.uint8Array({ minLength: 4, maxLength: 4 }),
    fc.uint8Array({ minLength: 16, maxLength: 16 }),
  );
  const id = fc.uint8Array({ minLength: 12, maxLength: 12 });
  fc.assert(fc.property(address, fc.integer({ min: 1, max: 65535 }), id, (bytes, port, id) => {
    const mapped = endpointOf(bytes, port)!;
    assert.deepEqual(readStunMessage(encodeBindingSuccess(id, mapped)), {
      kind: "success",
      mapped,
    });
  }));
});

Deno.test("readStunMessage() drops every truncation and every lengthening", () => {
  for (const text of [vectors.request, vectors.ipv4.message, vectors.ipv6.message]) {
    const bytes = decodeHex(text)!;
    for (let end = 0; end < bytes.length; end++) {
      assert.equal(readStunMessage(bytes.subarray(0, end)).kind, "drop", `${end} bytes`);
    }
    assert.equal(readStunMessage(Uint8Array.of(...bytes, 0, 0, 0, 0)).kind, "drop");
  }
});

Deno.test("readStunMessage() takes the first address and skips what it may", () => {
  const other: [number, number[]] = [0x0020, [0, 1, 0, 80, 1, 2, 3, 4]];
  const cases: [name: string, attributes: [number, number[]][], read: string][] = [
    ["plain", [MAPPED], SOURCE.text],
    ["second address", [MAPPED, other], SOURCE.text],
    ["optional before", [[0x8022, [1, 2, 3]], MAPPED], SOURCE.text],
    ["fingerprint that is wrong", [MAPPED, [0x8028, [0, 0, 0, 0]]], SOURCE.text],
    ["of RFC 3489", [[0x0001, [0]], [0x0004, [1]], [0x0005, []], MAPPED], SOURCE.text],
    ["required and unknown", [MAPPED, [0x7fff, []]], "unknown-attribute"],
    [
      "unknown after integrity",
      [MAPPED, [0x0008, new Array(20).fill(0)], [0x7fff, []]],
      SOURCE.text,
    ],
    ["address after integrity", [[0x001c, new Array(32).fill(0)], MAPPED], "no-address"],
    ["none", [], "no-address"],
    ["family 3", [[0x0020, [0, 3, 0, 80, 1, 2, 3, 4]]], "bad-address"],
    ["short", [[0x0020, [0, 1, 0, 80, 1, 2, 3]]], "bad-address"],
    ["empty", [[0x0020, []]], "bad-address"],
    ["port 0", [[0x0020, [0, 1, 0x21, 0x12, 1, 2, 3, 4]]], "bad-address"],
  ];
  for (const [name, attributes, expected] of cases) {
    const read = readStunMessage(message(0x0101, attributes));
    const got = read.kind === "success"
      ? read.mapped.text
      : read.kind === "drop"
      ? read.reason
      : read.kind;
    assert.equal(got, expected, name);
  }
});

Deno.test("readStunMessage() drops what is malformed, by reason", () => {
  const changed = (at: number, value: number) => {
    const bytes = SUCCESS.slice();
    bytes[at] = value;
    return readStunMessage(bytes);
  };
  assert.deepEqual(changed(0, 0x41), { kind: "drop", reason: "not-stun" });
  assert.deepEqual(changed(4, 0x20), { kind: "drop", reason: "not-stun" });
  assert.deepEqual(changed(3, 11), { kind: "drop", reason: "bad-length" });
  assert.deepEqual(changed(23, 9), { kind: "drop", reason: "bad-attribute" });
  assert.deepEqual(changed(0, 0x00), { kind: "request", unknown: [] });
  assert.deepEqual(changed(1, 0x11), { kind: "error" });
  assert.deepEqual(changed(1, 0x02), { kind: "drop", reason: "unknown-type" });
});

Deno.test("answerBindingRequest() tells the source of a request", () => {
  const sources: Endpoint[] = [SOURCE, parseEndpoint("[2001:db8::7]:9")!];
  for (const source of sources) {
    const answer = answerBindingRequest(encodeBindingRequest(ID), source);
    assert.deepEqual(answer, encodeBindingSuccess(ID, source));
  }
  assert.equal(encodeBindingSuccess(ID, SOURCE).length, 32);
  assert.equal(encodeBindingSuccess(ID, sources[1]!).length, 44);
});

Deno.test("answerBindingRequest() names what it had to understand and did not", () => {
  const answer = answerBindingRequest(decodeHex(vectors.request)!, SOURCE);
  assert.deepEqual(answer, encodeUnknownAttributes(transactionOf(vectors.request), [0x0024]));
  assert.ok(typeof answer !== "string");
  assert.deepEqual(readStunMessage(answer), { kind: "error" });
  assert.deepEqual([...answer.subarray(20)], [
    ...[0x00, 0x09, 0, 4, 0, 0, 4, 20],
    ...[0x00, 0x0a, 0, 2, 0x00, 0x24, 0, 0],
  ]);
});

function transactionOf(hex: string): Uint8Array {
  return decodeHex(hex)!.subarray(8, 20);
}

Deno.test("answerBindingRequest() gives at most 24 bytes more than it was sent", () => {
  const ipv6 = parseEndpoint("[2001:db8::7]:9")!;
  for (let count = 0; count < 100; count++) {
    const unknown = Array.from({ length: count }, (_, i): [number, number[]] => [0x4000 + i, []]);
    const request = message(0x0001, unknown);
    const answer = answerBindingRequest(request, ipv6);
    assert.ok(typeof answer !== "string" && answer.length <= request.length + 24);
  }
});

Deno.test("answerBindingRequest() keeps silent when it was not asked", () => {
  const cases: [Uint8Array, string][] = [
    [new Uint8Array(20), "not-stun"],
    [SUCCESS, "not-request"],
    [message(0x0011, []), "not-request"],
    [message(0x0111, []), "not-request"],
    [message(0x0003, []), "unknown-type"],
  ];
  for (const [bytes, reason] of cases) assert.equal(answerBindingRequest(bytes, SOURCE), reason);
});
