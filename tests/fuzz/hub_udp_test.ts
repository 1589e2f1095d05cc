/**
 * What the hub reads of UDP and of its link to a UDP host, from valid input as the other parsers.
 */
import assert from "node:assert/strict";
import { encodeBindingRequest } from "../../core/stun/mod.ts";
import { Datagram, UdpRelay } from "../../hub/udp/mod.ts";
import { encodeLink, parseLink } from "../../hub/udp_link/mod.ts";
import { type Entry, fuzz } from "./entry.ts";

function udpLink(): Entry {
  const [nonce, proof] = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)];
  const token = new Uint8Array(8).fill(3);
  const texts = [
    encodeLink({ type: "hello", nonce, host: "udp.example", port: 41820 }),
    encodeLink({ type: "challenge", nonce, proof }),
    encodeLink({ type: "pair", tokens: [token, token] }),
    encodeLink({ type: "used-websocket", token }),
  ];
  const decoder = new TextDecoder();
  return {
    name: "parseLink()",
    weight: 1,
    seeds: texts.map((text) => new TextEncoder().encode(text)),
    read: (bytes) => {
      const message = parseLink(decoder.decode(bytes));
      if (message !== undefined) assert.deepEqual(parseLink(encodeLink(message)), message);
    },
  };
}

function udpRelay(): Entry {
  let draws = 0;
  const relay = new UdpRelay((out) => out.fill(++draws));
  let delivered = 0;
  const sink = { frame: () => ++delivered > 0 };
  const [probing, silent] = [relay.pair([sink, sink]), relay.pair([sink, sink])];
  const datagram = new Datagram();
  const frame = [0x54, 0, 0, 1, 2, 3, 4, 4, 0, 0, 0, 9];
  let nowMs = 0;
  return {
    name: "UdpRelay.input()",
    weight: 1,
    seeds: [
      Uint8Array.of(...probing[0].token, ...new TextEncoder().encode("PROBE")),
      Uint8Array.of(...probing[1].token, ...frame),
      Uint8Array.of(...silent[0].token, ...frame),
      encodeBindingRequest(new Uint8Array(12).fill(7)),
    ],
    read: (bytes) => {
      datagram.bytes.set(bytes);
      datagram.lenBytes = bytes.length;
      datagram.address = { hostname: "192.0.2.1", port: 1 + bytes.length };
      if (!relay.input(datagram, nowMs += 100)) return;
      assert.ok(datagram.lenBytes <= bytes.length + 24, "no amplifier");
    },
    finish: () => {
      const { received, toUdp, toWebSocket, probes, stun, drops } = relay.stats;
      const dropped = Object.values(drops).reduce((sum, count) => sum + count, 0);
      assert.equal(received, toUdp + toWebSocket + probes + stun + dropped);
      for (const count of [toUdp, toWebSocket, probes, stun, dropped]) assert.ok(count > 0);
      assert.equal(delivered, toWebSocket);
    },
  };
}

for (const entry of [udpLink, udpRelay]) fuzz(entry());
