import assert from "node:assert/strict";
import fc from "fast-check";
import { decodeHex } from "../bytes/mod.ts";
import { applyMask, FIN_BIT, headerBytes, Opcode, writeFrameHeader } from "./frame.ts";
import { FrameParser } from "./parser.ts";

const utf8 = new TextEncoder();

interface FrameOptions {
  opcode: Opcode;
  payload?: Uint8Array<ArrayBuffer> | string;
  final?: boolean;
  maskKey?: number | undefined;
}

/** Bytes of one frame. */
function frame({ opcode, payload = "", final = true, maskKey }: FrameOptions) {
  const data = typeof payload === "string" ? utf8.encode(payload) : payload;
  const header = headerBytes(data.length, maskKey !== undefined);
  const bytes = new Uint8Array(header + data.length);
  writeFrameHeader(bytes, 0, opcode, data.length, maskKey);
  if (!final) bytes[0]! &= ~FIN_BIT;
  bytes.set(data, header);
  if (maskKey !== undefined) applyMask(bytes, header, bytes.length, maskKey);
  return bytes;
}

function concat(...parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

/** What a parser finds in `bytes`, given to it in pieces of at most `pieceBytes`. */
function parse(bytes: Uint8Array, options: { masked?: boolean; pieceBytes?: number } = {}) {
  const { masked = false, pieceBytes = bytes.length || 1 } = options;
  const found: string[] = [];
  const parser = new FrameParser({
    masked,
    maxMessageBytes: 100_000,
    events: {
      text: (text) => found.push(`text ${text}`),
      binary: (data, start, end) => found.push(`binary ${data.subarray(start, end).join()}`),
      ping: (payload) => found.push(`ping ${payload.join()}`),
      pong: () => found.push("pong"),
      close: (code, reason) => found.push(`close ${code} ${reason}`),
      violation: (code, reason) => found.push(`violation ${code} ${reason}`),
    },
  });
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    parser.push(bytes.slice(at, at + pieceBytes));
  }
  return found;
}

/** Spec: RFC 6455 §5.7, its examples. */
const EXAMPLES: [name: string, masked: boolean, hex: string, found: string[]][] = [
  ["unmasked text", false, "810548656c6c6f", ["text Hello"]],
  ["masked text", true, "818537fa213d7f9f4d5158", ["text Hello"]],
  ["fragmented text", false, "010348656c80026c6f", ["text Hello"]],
  ["unmasked ping", false, "890548656c6c6f", ["ping 72,101,108,108,111"]],
  ["masked pong", true, "8a8537fa213d7f9f4d5158", ["pong"]],
  ["ping between fragments", false, "010348656c890080026c6f", ["ping ", "text Hello"]],
  ["close without a code", false, "8800", ["close 1005 "]],
  ["close with code and reason", false, "880503f0776879", ["close 1008 why"]],
];

for (const [name, masked, hex, found] of EXAMPLES) {
  Deno.test(`FrameParser reads ${name}, cut at every point`, () => {
    const bytes = decodeHex(hex)!;
    assert.deepEqual(parse(bytes, { masked }), found);
    for (let pieceBytes = 1; pieceBytes < bytes.length; pieceBytes++) {
      assert.deepEqual(parse(bytes, { masked, pieceBytes }), found);
    }
  });
}

const VIOLATIONS: [name: string, bytes: Uint8Array, found: string][] = [
  ["a reserved bit", decodeHex("c100")!, "violation 1002 reserved bit set"],
  ["a masked frame from a server", decodeHex("818000000000")!, "violation 1002 frame from a"],
  ["an unknown data opcode", decodeHex("8300")!, "violation 1002 unknown opcode"],
  ["an unknown control opcode", decodeHex("8b00")!, "violation 1002 unknown opcode"],
  ["a fragmented ping", decodeHex("0900")!, "violation 1002 fragmented control"],
  ["a ping of 126 bytes", decodeHex("897e007e")!, "violation 1002 long control frame"],
  ["a continuation first", decodeHex("8000")!, "violation 1002 continuation out of place"],
  ["text within a message", decodeHex("01008100")!, "violation 1002 continuation out of place"],
  ["a message too big", decodeHex("827f00000000ffffffff")!, "violation 1009 message too big"],
  ["a length above 2^63", decodeHex("827fffffffffffffffff")!, "violation 1009 message too big"],
  ["text that is not UTF-8", decodeHex("8102c328")!, "violation 1007 text is not UTF-8"],
  ["a close frame of one byte", decodeHex("880103")!, "violation 1002 close frame of one"],
  ["a close code never sent", decodeHex("880203ee")!, "violation 1002 invalid close code"],
  ["a close reason not UTF-8", decodeHex("880403e8c328")!, "violation 1007 close reason"],
];

for (const [name, bytes, found] of VIOLATIONS) {
  Deno.test(`FrameParser finds a violation in ${name} and nothing behind it`, () => {
    const followed = concat(bytes, new Uint8Array(20), frame({ opcode: Opcode.text }));
    for (const pieceBytes of [1, 3, followed.length]) {
      const events = parse(followed, { pieceBytes });
      assert.equal(events.length, 1);
      assert.ok(events[0]!.startsWith(found), events[0]);
    }
  });
}

Deno.test("FrameParser refuses an unmasked frame at a server", () => {
  assert.deepEqual(parse(frame({ opcode: Opcode.text }), { masked: true }), [
    "violation 1002 frame is not masked",
  ]);
});

Deno.test("FrameParser counts fragments together against the largest message", () => {
  const part = new Uint8Array(60_000);
  const bytes = concat(
    frame({ opcode: Opcode.binary, payload: part, final: false }),
    frame({ opcode: Opcode.continuation, payload: part }),
  );
  assert.deepEqual(parse(bytes), ["violation 1009 message too big"]);
});

Deno.test("FrameParser reassembles a 20 KiB text sent in 4 KiB fragments (wire 4)", () => {
  const text = "0123456789abcdef".repeat(1280);
  const parts = text.match(/.{4096}/g)!;
  const frames = parts.map((payload, i) =>
    frame({
      opcode: i === 0 ? Opcode.text : Opcode.continuation,
      payload,
      final: i === parts.length - 1,
      maskKey: 0x01020304 * (i + 1) % 2 ** 32,
    })
  );
  assert.deepEqual(parse(concat(...frames), { masked: true, pieceBytes: 1000 }), [`text ${text}`]);
});

Deno.test("FrameParser finds the same in any stream of frames, cut anywhere", () => {
  const lengths = fc.oneof(fc.nat(20), fc.nat(300), fc.constantFrom(125, 126, 65535, 65536));
  const frames = fc.array(fc.record({ lenBytes: lengths, maskKey: fc.nat(2 ** 31) }), {
    maxLength: 6,
  });
  fc.assert(
    fc.property(frames, fc.integer({ min: 1, max: 5000 }), (list, pieceBytes) => {
      const bytes = concat(
        ...list.map(({ lenBytes, maskKey }, i) =>
          frame({ opcode: Opcode.binary, payload: new Uint8Array(lenBytes).fill(i), maskKey })
        ),
      );
      const whole = list.map(({ lenBytes }, i) => `binary ${new Uint8Array(lenBytes).fill(i)}`);
      assert.deepEqual(parse(bytes, { masked: true, pieceBytes }), whole);
    }),
    { numRuns: 60, seed: 20261121 },
  );
});

Deno.test("FrameParser never throws on mutated bytes", () => {
  const valid = concat(
    frame({ opcode: Opcode.text, payload: "héllo", maskKey: 7 }),
    frame({ opcode: Opcode.binary, payload: new Uint8Array(200), maskKey: 9 }),
    frame({ opcode: Opcode.close, payload: new Uint8Array([0x03, 0xe8]) }),
  );
  fc.assert(
    fc.property(fc.nat(valid.length - 1), fc.nat(255), fc.nat(50), (at, value, pieceBytes) => {
      const bytes = valid.slice();
      bytes[at] = value;
      parse(bytes, { masked: true, pieceBytes: pieceBytes + 1 });
    }),
    { numRuns: 2000, seed: 20261121 },
  );
});

Deno.test("FrameParser keeps the bytes of a million fragments, and nothing for each of them", () => {
  let found = 0;
  const parser = new FrameParser({
    masked: false,
    maxMessageBytes: 1_000_000,
    events: {
      text: () => assert.fail("no text was sent"),
      binary: (_, start, end) => found = end - start,
      ping: () => {},
      pong: () => {},
      close: () => {},
      violation: (_, reason) => assert.fail(reason),
    },
  });
  const empty = frame({ opcode: Opcode.continuation, final: false });
  const byte = frame({ opcode: Opcode.continuation, payload: "x", final: false });
  const thousand = concat(...Array.from({ length: 500 }, () => concat(empty, byte)));
  const before = Deno.memoryUsage().heapUsed;
  parser.push(frame({ opcode: Opcode.binary, final: false }));
  for (let i = 0; i < 1000; i++) parser.push(thousand.slice());
  const grownBytes = Deno.memoryUsage().heapUsed - before;
  parser.push(frame({ opcode: Opcode.continuation }));
  assert.equal(found, 500_000);
  assert.ok(grownBytes < 40_000_000, `${grownBytes} bytes for a message of ${found}`);
});
