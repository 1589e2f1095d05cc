import assert from "node:assert/strict";
import {
  foldChecksum,
  formatIpv4Address,
  IPV4_HEADER_BYTES,
  type Ipv4Address,
  ipv4Address,
  Ipv4Header,
  isEchoRequest,
  makeEchoReply,
  parseIpv4Address,
  PROTOCOL_TCP,
  readIpv4Header,
  sumWords,
  writeIpv4Header,
} from "./mod.ts";

/** The checksum word by word, as RFC 1071 states it. */
function naiveChecksum(bytes: Uint8Array): number {
  let sum = 0;
  for (let i = 0; i < bytes.length; i += 2) {
    sum += (bytes[i]! << 8) | (bytes[i + 1] ?? 0);
    if (sum > 0xffff) sum = (sum & 0xffff) + 1;
  }
  return ~sum & 0xffff;
}

function fill(bytes: Uint8Array, seed: number): void {
  let x = seed;
  for (let i = 0; i < bytes.length; i++) {
    x = (Math.imul(x, 1664525) + 1013904223) | 0;
    bytes[i] = x >>> 24;
  }
}

Deno.test("sumWords() agrees with the naive checksum at every length, offset and extreme", () => {
  const bytes = new Uint8Array(1600);
  const view = new DataView(bytes.buffer);
  for (const prepare of [(b: Uint8Array) => fill(b, 7), (b: Uint8Array) => b.fill(0xff)]) {
    prepare(bytes);
    for (let length = 0; length <= 1500; length++) {
      const start = length % 23;
      const fast = foldChecksum(sumWords(view, start, start + length, 0));
      assert.equal(fast, naiveChecksum(bytes.subarray(start, start + length)), `length ${length}`);
    }
  }
  assert.equal(foldChecksum(0), 0xffff);
  assert.equal(foldChecksum(2 ** 48 - 1), 0);
});

Deno.test("sumWords() adds spans one after the other", () => {
  const bytes = new Uint8Array(100);
  fill(bytes, 3);
  const view = new DataView(bytes.buffer);
  for (let split = 0; split <= 100; split += 2) {
    assert.equal(
      foldChecksum(sumWords(view, split, 100, sumWords(view, 0, split, 0))),
      naiveChecksum(bytes),
    );
  }
});

Deno.test("parseIpv4Address() reads dotted decimal only", () => {
  const table: [string, number | undefined][] = [
    ["10.77.1.2", 0x0a4d0102],
    ["255.255.255.255", 0xffffffff],
    ["0.0.0.0", 0],
    ["256.0.0.1", undefined],
    ["01.2.3.4", undefined],
    ["1.2.3", undefined],
    ["1..2.3", undefined],
    ["1.2.3.4.5", undefined],
    [" 1.2.3.4", undefined],
    ["0x1.2.3.4", undefined],
    ["", undefined],
  ];
  for (const [text, value] of table) {
    const address = parseIpv4Address(text);
    assert.equal(address, value, text);
    if (address !== undefined) assert.equal(formatIpv4Address(address), text);
  }
});

Deno.test("ipv4Address() refuses what is not an unsigned 32-bit number", () => {
  assert.equal(formatIpv4Address(ipv4Address(0x0a4dfe01)), "10.77.254.1");
  for (const bad of [-1, 2 ** 32, 1.5, NaN]) assert.throws(() => ipv4Address(bad), RangeError);
});

const FIELDS = {
  source: 0x0a4d0101 as Ipv4Address,
  destination: 0xfa4d0102 as Ipv4Address,
  protocol: PROTOCOL_TCP,
};

function samplePacket(): DataView {
  const bytes = new Uint8Array(3 + 40 + 9).fill(0xaa);
  const view = new DataView(bytes.buffer);
  writeIpv4Header(view, 3, 40, FIELDS);
  return view;
}

Deno.test("readIpv4Header() reads what writeIpv4Header() wrote into a dirty buffer", () => {
  const view = samplePacket();
  const header = new Ipv4Header();
  assert.equal(readIpv4Header(header, view, 3, 52), "ok");
  assert.deepEqual({ ...header }, { ...FIELDS, payloadStart: 23, payloadEnd: 43 });
});

Deno.test("writeIpv4Header() gives the bytes of a known header", () => {
  const view = new DataView(new ArrayBuffer(20));
  writeIpv4Header(view, 0, 0x73, {
    source: 0xc0a80001 as Ipv4Address,
    destination: 0xc0a800c7 as Ipv4Address,
    protocol: 17,
  });
  // The worked example found in many texts (checksum 0xb861) with DF and TTL 64.
  assert.equal(view.getUint16(10), 0xb861);
});

Deno.test("readIpv4Header() refuses every truncation", () => {
  const view = samplePacket();
  for (let end = 3; end < 43; end++) {
    const result = readIpv4Header(new Ipv4Header(), view, 3, end);
    assert.equal(result, end < 3 + IPV4_HEADER_BYTES ? "ip-short" : "ip-total-length", `${end}`);
  }
});

Deno.test("readIpv4Header() says why it refuses a header, and leaves the last one alone", () => {
  const fix = (view: DataView) => {
    view.setUint16(13, 0);
    view.setUint16(13, foldChecksum(sumWords(view, 3, 23, 0)));
  };
  const table: [string, (view: DataView) => void][] = [
    ["ip-version", (v) => v.setUint8(3, 0x65)],
    ["ip-header-length", (v) => v.setUint8(3, 0x44)],
    ["ip-header-length", (v) => v.setUint8(3, 0x4f)],
    ["ip-total-length", (v) => v.setUint16(5, 19)],
    ["ip-total-length", (v) => v.setUint16(5, 50)],
    ["ip-checksum", (v) => v.setUint8(20, v.getUint8(20) ^ 1)],
    ["ip-fragment", (v) => (v.setUint16(9, 0x2000), fix(v))],
    ["ip-fragment", (v) => (v.setUint16(9, 0x4001), fix(v))],
  ];
  for (const [reason, change] of table) {
    const view = samplePacket();
    change(view);
    const header = new Ipv4Header();
    assert.equal(readIpv4Header(header, view, 3, 52), reason);
    assert.deepEqual(header, new Ipv4Header());
  }
});

Deno.test("readIpv4Header() skips options", () => {
  const view = samplePacket();
  view.setUint8(3, 0x46);
  view.setUint16(13, 0);
  view.setUint16(13, foldChecksum(sumWords(view, 3, 27, 0)));
  const header = new Ipv4Header();
  assert.equal(readIpv4Header(header, view, 3, 43), "ok");
  assert.equal(header.payloadStart, 27);
});

Deno.test("readIpv4Header() never throws on mutated packets and keeps the payload inside", () => {
  const header = new Ipv4Header();
  let x = 1;
  const next = () => (x = (Math.imul(x, 1103515245) + 12345) & 0x7fffffff) >>> 8;
  for (let i = 0; i < 20_000; i++) {
    const view = samplePacket();
    for (let n = next() % 4; n >= 0; n--) view.setUint8(3 + next() % 49, next() & 255);
    const end = 3 + next() % 50;
    if (readIpv4Header(header, view, 3, end) !== "ok") continue;
    assert.ok(header.payloadStart >= 23 && header.payloadStart <= header.payloadEnd);
    assert.ok(header.payloadEnd <= end);
  }
});

Deno.test("makeEchoReply() answers an echo request with the same data", () => {
  const bytes = new Uint8Array([8, 0, 0, 0, 0x12, 0x34, 0, 1, 1, 2, 3, 4, 5]);
  const view = new DataView(bytes.buffer);
  view.setUint16(2, foldChecksum(sumWords(view, 0, 13, 0)));
  assert.equal(isEchoRequest(view, 0, 13), true);
  assert.equal(isEchoRequest(view, 0, 7), false);
  makeEchoReply(view, 0, 13);
  assert.equal(bytes[0], 0);
  assert.deepEqual([...bytes.subarray(4)], [0x12, 0x34, 0, 1, 1, 2, 3, 4, 5]);
  assert.equal(foldChecksum(sumWords(view, 0, 13, 0)), 0);
  assert.equal(isEchoRequest(view, 0, 13), false);
});
