import assert from "node:assert/strict";
import fc from "fast-check";
import { decodeHex, encodeHex, PacketPool } from "../bytes/mod.ts";
import { PATH_KINDS } from "./kind.ts";
import {
  isPathMessage,
  PATH_MESSAGE_BYTES,
  type PathMessage,
  readPathMessage,
  writePathMessage,
} from "./path_message.ts";

const pool = new PacketPool({ maxPacketBytes: 2000 });

function write(message: PathMessage): Uint8Array {
  const packet = pool.take();
  packet.bytes.fill(0xa5);
  writePathMessage(packet, message);
  const bytes = packet.bytes.slice(packet.start, packet.end);
  pool.give(packet);
  return bytes;
}

const VECTORS: [hex: string, message: PathMessage][] = [
  [
    "f1010010000000070000002a00030000",
    { type: "ping", path: "websocket", seq: 7, count: 42, extra: 3, lengthBytes: 16 },
  ],
  [
    "f2030014fffffffeffffffff4000000000000000",
    {
      type: "pong",
      path: "direct",
      seq: 0xffff_fffe,
      count: 0xffff_ffff,
      extra: 16384,
      lengthBytes: 20,
    },
  ],
];

Deno.test("writePathMessage() and readPathMessage() keep to the layout", () => {
  for (const [hex, message] of VECTORS) {
    assert.equal(encodeHex(write(message)), hex);
    const bytes = decodeHex(hex)!;
    assert.deepEqual(readPathMessage(bytes, 0, bytes.length), message);
  }
});

Deno.test("readPathMessage() reads back any message at any offset, padding behind it", () => {
  const u32 = fc.integer({ min: 0, max: 0xffff_ffff });
  const any = fc.record({
    type: fc.constantFrom("ping" as const, "pong" as const),
    path: fc.constantFrom(...PATH_KINDS),
    seq: u32,
    count: u32,
    extra: fc.integer({ min: 0, max: 0xffff }),
    lengthBytes: fc.integer({ min: PATH_MESSAGE_BYTES, max: 2000 }),
  }, { noNullPrototype: true });
  fc.assert(fc.property(any, fc.nat(20), fc.nat(15), (message, before, behind) => {
    const bytes = new Uint8Array(before + message.lengthBytes + behind);
    bytes.set(write(message), before);
    assert.deepEqual(readPathMessage(bytes, before, bytes.length), message);
  }));
});

Deno.test("readPathMessage() refuses every truncation, other types, paths and lengths", () => {
  for (const [hex] of VECTORS) {
    const bytes = decodeHex(hex)!;
    for (let end = 0; end < bytes.length; end++) {
      assert.equal(readPathMessage(bytes, 0, end), undefined);
    }
    for (const [at, value] of [[0, 0x45], [0, 0xf0], [0, 0xf3], [1, 0], [1, 4], [3, 15]] as const) {
      const bad = bytes.slice();
      bad[at] = value;
      if (at === 3) bad[2] = 0;
      assert.equal(readPathMessage(bad, 0, bad.length), undefined, `${at} ${value}`);
    }
  }
});

Deno.test("isPathMessage() takes no version of IP for one", () => {
  for (let low = 0; low < 16; low++) {
    assert.equal(isPathMessage(0x40 | low), false);
    assert.equal(isPathMessage(0x60 | low), false);
  }
  assert.equal(isPathMessage(undefined), false);
});
