/**
 * Everything that reads bytes of the network: from valid input, mutated, cut and spliced. Nothing may
 * throw; what it answers is within what it declares. Parsers with a test of this kind beside their
 * source (IPv4 and TCP headers, WebSocket frames) are here by the door that the network enters by.
 */
import assert from "node:assert/strict";
import { PacketPool } from "../../core/bytes/mod.ts";
import { ManualClock } from "../../core/clock/mod.ts";
import { parseControl } from "../../core/control/mod.ts";
import { DirectEngine } from "../../core/direct/mod.ts";
import { endpointOf, parseEndpoint } from "../../core/endpoint/mod.ts";
import {
  IPV4_HEADER_BYTES,
  ipv4Address,
  PROTOCOL_TCP,
  pseudoHeaderSum,
  writeIpv4Header,
} from "../../core/ip/mod.ts";
import { Netstack } from "../../core/netstack/mod.ts";
import { readPathMessage, writePathMessage } from "../../core/path/mod.ts";
import {
  forwardRelayFrame,
  readRelayFrame,
  RelayFlags,
  writeRelayHeader,
} from "../../core/relay/mod.ts";
import {
  answerBindingRequest,
  encodeBindingRequest,
  encodeBindingSuccess,
  readStunMessage,
} from "../../core/stun/mod.ts";
import { checksum, encodeSegment } from "../../core/tcp/scripts/mod.ts";
import { answerUpgrade, WebSocketConnection } from "../../core/websocket/mod.ts";
import { type Entry, fuzz } from "./entry.ts";
import type { Draft } from "./target.ts";

const LOCAL = ipv4Address(0x0a4d0101);
const PEER = ipv4Address(0x0a4d0102);
const MAX_MESSAGE_BYTES = 200;

function control(): Entry {
  const texts = [
    `{"type":"register","machineName":"barn","ports":[22,0],"services":[{"port":22}],"tags":["a"]}`,
    `{"type":"connect","machineId":"barn","wgPubKey":"${"ab".repeat(32)}","token":"t"}`,
    `{"type":"udp-offer","token":"7e18ce4e8c1be47c","port":41820,"host":"h.example"}`,
    `{"type":"mgmt-response","requestId":"cb28","ok":false,"payload":{"a":[1,null,true,"\\u0000"]}}`,
  ];
  const decoder = new TextDecoder();
  return {
    name: "parseControl()",
    weight: 1,
    seeds: texts.map((text) => new TextEncoder().encode(text)),
    read: (bytes) => {
      const message = parseControl(decoder.decode(bytes));
      assert.equal(typeof message.type, "string");
    },
  };
}

function relay(): Entry {
  const frame = new Uint8Array(40);
  writeRelayHeader(frame, 0, RelayFlags.data, 0xaabbccdd);
  return {
    name: "readRelayFrame() and forwardRelayFrame()",
    weight: 1,
    seeds: [frame, frame.slice(0, 7)],
    read: (bytes) => {
      const before = bytes.slice();
      const kind = readRelayFrame(bytes, 0, bytes.length);
      assert.ok(["data", "control", "too-short", "bad-magic"].includes(kind), kind);
      const verdict = forwardRelayFrame(bytes, 0, bytes.length);
      assert.equal(verdict === "invalid", kind === "too-short" || kind === "bad-magic");
      const changed = bytes.findIndex((byte, i) => byte !== before[i]);
      assert.ok(changed === -1 || (changed === 1 && verdict === "forward"), `byte ${changed}`);
    },
  };
}

function ipPacket(draft: Draft): Uint8Array<ArrayBuffer> {
  const fields = { source: PEER, destination: LOCAL, protocol: PROTOCOL_TCP };
  const bases = { localIss: 1, peerIss: 1, ports: [40000, 80] as const };
  const spec = { lengthBytes: 0, sack: [], absent: [], ...draft };
  const segment = encodeSegment(spec, { bases, pseudoSum: pseudoHeaderSum(fields) });
  const bytes = new Uint8Array(IPV4_HEADER_BYTES + segment.length);
  writeIpv4Header(new DataView(bytes.buffer), 0, bytes.length, fields);
  bytes.set(segment, IPV4_HEADER_BYTES);
  return bytes;
}

function repairChecksums(bytes: Uint8Array<ArrayBuffer>): void {
  const headerBytes = (bytes[0]! & 15) * 4;
  if (headerBytes < IPV4_HEADER_BYTES || bytes.length < headerBytes + 20) return;
  const view = new DataView(bytes.buffer);
  view.setUint16(10, 0);
  view.setUint16(10, checksum(bytes.subarray(0, headerBytes), -headerBytes));
  const fields = { source: PEER, destination: LOCAL, protocol: PROTOCOL_TCP };
  view.setUint16(headerBytes + 16, 0);
  view.setUint16(
    headerBytes + 16,
    checksum(bytes.subarray(headerBytes), pseudoHeaderSum(fields)),
  );
}

function netstack(): Entry {
  const clock = new ManualClock();
  const pool = new PacketPool({ maxPacketBytes: 1500 });
  let packets = 0;
  const stack = new Netstack({
    localAddress: LOCAL,
    peerAddress: PEER,
    mtuBytes: 1100,
    clock,
    random: (out) => out.fill(3),
    pool,
    output: (packet) => {
      packets++;
      pool.give(packet);
    },
  });
  stack.listen({ port: 80, backlog: 8 });
  const ping = ipPacket({ flags: "", seq: 0, lengthBytes: 8 });
  ping[9] = 1;
  return {
    name: "Netstack.input()",
    weight: 4,
    seeds: [
      ipPacket({ flags: "S", seq: 0, mss: 1000, windowScale: 3, sackPermitted: true }),
      ipPacket({ flags: "A", seq: 1, ack: 1, lengthBytes: 100 }),
      ipPacket({ flags: "FA", seq: 1, ack: 1, timestamps: [1, 2] }),
      ipPacket({ flags: "R", seq: 1 }),
      ping,
    ],
    read: (bytes) => {
      const before = packets;
      const result = stack.input(bytes, 0, bytes.length, clock.nowMs());
      assert.match(result, /^[a-z]+(-[a-z]+)*$/);
      stack.flush(clock.nowMs());
      assert.ok(packets - before <= 2, `${packets - before} packets answer one`);
      clock.advance(1);
    },
    repair: repairChecksums,
    finish: () => {
      assert.ok(stack.stats.connections <= 8, `${stack.stats.connections} connections`);
      stack.close();
      assert.equal(stack.stats.bufferBytes, 0);
    },
  };
}

function webSocket(): Entry {
  const text = Uint8Array.of(0x81, 0x85, 0, 0, 0, 0, 72, 101, 108, 108, 111);
  const binary = new Uint8Array(8 + 150);
  binary.set([0x82, 0xfe, 0, 150]);
  const close = Uint8Array.of(0x88, 0x82, 0, 0, 0, 0, 3, 232);
  const fragments = Uint8Array.of(
    0x01,
    0x81,
    0,
    0,
    0,
    0,
    65,
    0x89,
    0x80,
    0,
    0,
    0,
    0,
    0x80,
    0x80,
    0,
    0,
    0,
    0,
  );
  return {
    name: "WebSocketConnection.run()",
    weight: 1,
    seeds: [text, binary, close, fragments],
    read: async (bytes) => {
      const chunks = [bytes.slice(0, bytes.length >> 1), bytes.slice(bytes.length >> 1)]
        .filter((chunk) => chunk.length > 0);
      const connection = new WebSocketConnection({
        stream: {
          read: () => Promise.resolve(chunks.shift() ?? null),
          write: () => Promise.resolve(),
          closeWrite: () => Promise.resolve(),
          close: () => {},
          abort: () => {},
          remoteAddress: "192.0.2.1:1",
        },
        role: "server",
        clock: new ManualClock(),
        random: (out) => out.fill(1),
        maxMessageBytes: MAX_MESSAGE_BYTES,
      });
      await connection.run({
        text: (message) => assert.ok(message.length <= MAX_MESSAGE_BYTES),
        binary: (_, start, end) => assert.ok(end - start <= MAX_MESSAGE_BYTES),
      });
    },
  };
}

function upgrade(): Entry {
  const key = new TextEncoder().encode("dGhlIHNhbXBsZSBub25jZQ==");
  const decoder = new TextDecoder("latin1");
  return {
    name: "answerUpgrade()",
    weight: 1,
    seeds: [key, new TextEncoder().encode("websocket"), new TextEncoder().encode("13")],
    read: (bytes) => {
      const value = decoder.decode(bytes);
      const headers = { "upgrade": "websocket", "sec-websocket-version": "13" };
      for (const name of ["upgrade", "sec-websocket-version", "sec-websocket-key"]) {
        const { response } = answerUpgrade("GET", { ...headers, [name]: value });
        // Nothing of the request may end a line of the answer.
        assert.match(response, /^HTTP\/1\.1 \d{3} [A-Za-z ]+\r\n/);
        assert.equal(response.includes(`${value}\r\n`) && value.length > 3, false);
      }
    },
  };
}

function endpoint(): Entry {
  const texts = ["203.0.113.9:40001", "[2001:db8::7]:41820", "[::ffff:192.0.2.1]:9", "[::]:1"];
  const decoder = new TextDecoder("latin1");
  return {
    name: "parseEndpoint()",
    weight: 1,
    seeds: texts.map((text) => new TextEncoder().encode(text)),
    read: (bytes) => {
      const parsed = parseEndpoint(decoder.decode(bytes));
      if (parsed === undefined) return;
      assert.deepEqual(parseEndpoint(parsed.text), parsed);
      assert.deepEqual(endpointOf(parsed.address, parsed.port), parsed);
    },
  };
}

function stun(): Entry {
  const id = new Uint8Array(12).fill(7);
  const source = parseEndpoint("[2001:db8::7]:9")!;
  const request = encodeBindingRequest(id);
  const withOptional = Uint8Array.of(...request, 0x80, 0x28, 0, 4, 1, 2, 3, 4);
  withOptional[3] = 8;
  return {
    name: "readStunMessage() and answerBindingRequest()",
    weight: 1,
    seeds: [
      request,
      withOptional,
      encodeBindingSuccess(id, source),
      encodeBindingSuccess(id, parseEndpoint("192.0.2.1:40001")!),
    ],
    read: (bytes) => {
      const message = readStunMessage(bytes);
      if (message.kind === "success") {
        assert.equal(parseEndpoint(message.mapped.text)?.text, message.mapped.text);
      }
      const answer = answerBindingRequest(bytes, source);
      assert.equal(typeof answer === "string", message.kind !== "request");
      if (typeof answer === "string") return;
      assert.ok(answer.length <= bytes.length + 24);
      assert.notEqual(readStunMessage(answer).kind, "drop");
    },
    repair: (bytes) => {
      if (bytes.length >= 20) bytes.set([(bytes.length - 20) >> 8, (bytes.length - 20) & 255], 2);
    },
  };
}

function direct(): Entry {
  const hub = parseEndpoint("198.51.100.1:41820")!;
  const frame = new Uint8Array(40);
  writeRelayHeader(frame, 0, RelayFlags.data, 1);
  let nowMs = 0;
  let sent = 0;
  const engine = new DirectEngine({
    role: "client",
    stunServers: [hub],
    hub: [hub],
    allowLoopback: false,
    random: (out) => out.fill(7),
    sink: {
      send: () => sent++,
      announce: () => {},
      probe: () => sent++,
      up: () => assert.fail("nothing was authentic"),
      down: () => {},
    },
  });
  engine.setLocal([parseEndpoint("10.0.0.2:50000")!], 0);
  engine.start("reference", 0);
  const texts = ["TPUNCH", "203.0.113.9:40001", "[2001:db8::7]:41820"];
  const decoder = new TextDecoder("latin1");
  return {
    name: "DirectEngine.receive() and its peer's messages",
    weight: 1,
    seeds: [
      ...texts.map((text) => new TextEncoder().encode(text)),
      encodeBindingSuccess(new Uint8Array(12).fill(7), parseEndpoint("203.0.113.2:61000")!),
      frame,
    ],
    read: (bytes) => {
      nowMs += 10;
      const source = nowMs % 20 === 0 ? hub : parseEndpoint("203.0.113.9:40001")!;
      assert.match(engine.receive(bytes, { source, nowMs }), /^[a-z]+(-[a-z]+)*$/);
      const text = decoder.decode(bytes);
      engine.peerEndpoint(text, nowMs);
      engine.peerCandidates([text, text.slice(1)], nowMs);
      for (let calls = 0; engine.nextDeadlineMs() <= nowMs; calls++) {
        assert.ok(calls < 10, "the engine spins");
        engine.tick(nowMs);
      }
    },
    // A punch and a probe for each shot, one punch for each answered, and STUN.
    finish: () => assert.ok(sent <= 2 * 200 + 100 + nowMs / 1000 * 20, `${sent} datagrams`),
  };
}

/** A path message, padded or not, in a packet of its own. */
function pathMessage(type: "ping" | "pong", lengthBytes: number): Uint8Array<ArrayBuffer> {
  const packet = new PacketPool({ maxPacketBytes: 2000 }).take();
  const fields = { path: "direct", seq: 7, count: 42, extra: 3 } as const;
  writePathMessage(packet, { type, lengthBytes, ...fields });
  return packet.bytes.slice(packet.start, packet.end);
}

function pathMessages(): Entry {
  return {
    name: "readPathMessage()",
    weight: 1,
    seeds: [pathMessage("ping", 16), pathMessage("pong", 16), pathMessage("ping", 100)],
    read: (bytes) => {
      const message = readPathMessage(bytes, 0, bytes.length);
      if (message === undefined) return;
      assert.ok(message.lengthBytes >= 16 && message.lengthBytes <= bytes.length);
      const packet = new PacketPool({ maxPacketBytes: 65_535 }).take();
      writePathMessage(packet, message);
      assert.deepEqual(readPathMessage(packet.bytes, packet.start, packet.end), message);
    },
  };
}

const ENTRIES = [
  ...[control, direct, endpoint, relay, netstack],
  ...[pathMessages, stun, webSocket, upgrade],
];
for (const entry of ENTRIES) fuzz(entry());
