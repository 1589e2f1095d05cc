import assert from "node:assert/strict";
import { Packet } from "../bytes/mod.ts";
import { writeSackOption, writeSynOptions } from "./options.ts";
import { ACK, FIN, readSegment, sealSegment, Segment, SYN, writeHeader } from "./segment.ts";
import { toSeq } from "./seq.ts";

const PSEUDO_SUM = 0x12345;

/** A segment in a dirty buffer, with these option bytes and this payload. */
function make(flags: number, options: number[] = [], payload: number[] = []): Packet {
  const packet = new Packet(200);
  packet.bytes.fill(0xaa);
  const headerBytes = 20 + options.length;
  const ports = { sourcePort: 80, destinationPort: 40000 };
  writeHeader(packet, ports, toSeq(0xfffffffe), toSeq(7), flags, 512, headerBytes);
  packet.bytes.set(options, packet.start + 20);
  packet.bytes.set(payload, packet.start + headerBytes);
  packet.end = packet.start + headerBytes + payload.length;
  sealSegment(packet, PSEUDO_SUM);
  return packet;
}

function read(packet: Packet, end = packet.end): [string, Segment] {
  const segment = new Segment();
  const { bytes, view, start: payloadStart } = packet;
  const source = { bytes, view, payloadStart, payloadEnd: end };
  return [readSegment(segment, source, PSEUDO_SUM), segment];
}

Deno.test("readSegment() reads what writeHeader() wrote", () => {
  const [result, segment] = read(make(SYN | ACK | FIN, [], [1, 2, 3]));
  assert.equal(result, "ok");
  assert.deepEqual(
    [segment.sourcePort, segment.destinationPort, segment.seq, segment.ack, segment.window],
    [80, 40000, toSeq(0xfffffffe), 7, 512],
  );
  assert.equal(segment.payloadBytes, 3);
  assert.equal(segment.seqLength, 5);
  assert.deepEqual([...segment.bytes.subarray(segment.payloadStart, segment.payloadEnd)], [
    1,
    2,
    3,
  ]);
});

Deno.test("readSegment() refuses every truncation", () => {
  const packet = make(ACK, [1, 1, 1, 1], [1, 2, 3]);
  for (let end = packet.start; end < packet.end; end++) {
    const expected = end < packet.start + 20
      ? "tcp-short"
      : end < packet.start + 24
      ? "tcp-header-length"
      : "tcp-checksum";
    assert.equal(read(packet, end)[0], expected);
  }
});

Deno.test("readSegment() notices every flipped bit", () => {
  for (let bit = 0; bit < 23 * 8; bit++) {
    const packet = make(ACK, [], [1, 2, 3]);
    packet.bytes[packet.start + (bit >> 3)]! ^= 1 << (bit & 7);
    assert.notEqual(read(packet)[0], "ok", `bit ${bit}`);
  }
});

Deno.test("readSegment() refuses port 0 and a header length below 20", () => {
  const packet = make(ACK);
  packet.view.setUint32(packet.start, 0);
  sealSegment(packet, PSEUDO_SUM);
  packet.view.setUint16(packet.start + 16, 0);
  sealSegment(packet, PSEUDO_SUM);
  assert.equal(read(packet)[0], "tcp-port");
  packet.view.setUint8(packet.start + 12, 0x40);
  assert.equal(read(packet)[0], "tcp-header-length");
});

Deno.test("readSegment() reads known options, skips unknown ones and stops at the end", () => {
  const table: [number[], Partial<Segment>][] = [
    [[2, 4, 5, 180], { mss: 1460 }],
    [[1, 3, 3, 7], { windowScale: 7 }],
    [[1, 3, 3, 15], { windowScale: 14 }],
    [[4, 2, 1, 1], { sackPermitted: true }],
    [[1, 1, 8, 10, 0, 0, 0, 9, 255, 255, 255, 255], { hasTimestamps: true, tsVal: 9, tsEcr: -1 }],
    [[1, 1, 5, 10, 0, 0, 0, 5, 0, 0, 0, 9], { sackCount: 1 }],
    [[253, 4, 1, 2, 2, 4, 1, 0], { mss: 256 }],
    [[0, 99, 99, 99], { mss: 0 }],
  ];
  for (const [options, expected] of table) {
    const [result, segment] = read(make(ACK, options));
    assert.equal(result, "ok", options.join());
    for (const [name, value] of Object.entries(expected)) {
      assert.equal(segment[name as keyof Segment], value, `${options}: ${name}`);
    }
  }
});

Deno.test("readSegment() refuses malformed option lists", () => {
  const table = [
    [2, 3, 5, 1],
    [2, 0, 1, 1],
    [2, 1, 1, 1],
    [2, 8, 1, 1],
    [1, 1, 1, 2],
    [3, 4, 1, 1],
    [4, 3, 1, 1],
    [5, 4, 1, 1],
    [8, 4, 1, 1],
    [253, 1, 1, 1],
    [253, 200, 1, 1],
  ];
  for (const options of table) {
    assert.equal(read(make(ACK, options))[0], "tcp-options", options.join());
  }
});

Deno.test("readSegment() forgets the options of the last segment", () => {
  const segment = new Segment();
  const all = [2, 4, 5, 180, 1, 3, 3, 7, 4, 2, 1, 1, 8, 10, 0, 0, 0, 9, 0, 0, 0, 8, 1, 1];
  for (const packet of [make(SYN, all), make(ACK)]) {
    const { bytes, view, start: payloadStart, end: payloadEnd } = packet;
    assert.equal(readSegment(segment, { bytes, view, payloadStart, payloadEnd }, PSEUDO_SUM), "ok");
  }
  const { mss, windowScale, sackPermitted, sackCount, hasTimestamps } = segment;
  assert.deepEqual([mss, windowScale, sackPermitted, sackCount, hasTimestamps], [
    0,
    -1,
    false,
    0,
    false,
  ]);
});

Deno.test("options written are options read, with and without each", () => {
  for (const windowScale of [-1, 0, 9]) {
    for (const sackPermitted of [true, false]) {
      const bytes = new Uint8Array(12).fill(0xaa);
      writeSynOptions(new DataView(bytes.buffer), 0, { mss: 1060, windowScale, sackPermitted });
      const [result, segment] = read(make(SYN, [...bytes]));
      assert.equal(result, "ok");
      assert.deepEqual(
        [segment.mss, segment.windowScale, segment.sackPermitted],
        [1060, windowScale, sackPermitted],
      );
    }
  }
  const edges = Int32Array.from([1, 2, -5, -3, 7, 8, 9, 10]);
  const bytes = new Uint8Array(36).fill(0xaa);
  writeSackOption(new DataView(bytes.buffer), 0, edges, 4);
  const [result, segment] = read(make(ACK, [...bytes]));
  assert.equal(result, "ok");
  assert.equal(segment.sackCount, 4);
  assert.deepEqual(segment.sackEdges, edges);
});

Deno.test("readSegment() never throws on mutated segments and keeps the payload inside", () => {
  let x = 5;
  const next = () => (x = (Math.imul(x, 1103515245) + 12345) & 0x7fffffff) >>> 8;
  for (let i = 0; i < 20_000; i++) {
    const options = Array.from({ length: 4 * (next() % 11) }, () => next() % 12);
    const packet = make(next() & 63, options, [1, 2, 3]);
    packet.bytes[packet.start + next() % packet.lenBytes] = next() & 255;
    packet.view.setUint16(packet.start + 16, 0);
    sealSegment(packet, PSEUDO_SUM);
    const [result, segment] = read(packet);
    if (result !== "ok") continue;
    assert.ok(segment.payloadStart >= packet.start + 20);
    assert.ok(segment.payloadStart <= packet.end && segment.payloadEnd === packet.end);
    assert.ok(segment.sackCount <= 4);
  }
});
