/**
 * Costs per message: the two ciphers, sealing and opening through the whole of WireGuard, and one
 * handshake of both ends. `deno bench core/wireguard`.
 *
 * @module
 */

import assert from "node:assert/strict";
import { connect } from "./_connect.ts";
import { NobleCipher } from "./_noble_cipher.ts";
import { Pair } from "./_pair.ts";
import { NativeCipher } from "./cipher.ts";

const SIZES = [1_100, 16_384];
const KEY = new Uint8Array(32).fill(3);
const CIPHERS = [["native", new NativeCipher(KEY)], ["noble", new NobleCipher(KEY)]] as const;

for (const sizeBytes of SIZES) {
  const buffers = CIPHERS.map(([, cipher]) => {
    const buffer = new Uint8Array(sizeBytes + 16);
    cipher.seal(0, 1, buffer, 0, sizeBytes);
    return buffer;
  });
  assert.deepEqual(buffers[0], buffers[1]);
  const sealed = buffers[0]!;
  for (const [name, cipher] of CIPHERS) {
    const group = `cipher ${sizeBytes} B`;
    const buffer = new Uint8Array(sizeBytes + 16);
    Deno.bench({ name: `seal, ${name}, ${sizeBytes} B`, group }, () => {
      cipher.seal(0, 1, buffer, 0, sizeBytes);
    });
    Deno.bench({ name: `open, ${name}, ${sizeBytes} B`, group }, () => {
      buffer.set(sealed);
      if (!cipher.open(0, 1, buffer, 0, buffer.length)) throw new Error("Cannot open: wrong tag");
    });
  }
}

for (const sizeBytes of SIZES) {
  const { a, b, sent, pool } = connect(sizeBytes);
  Deno.bench(`WireGuard.send() and receive(), ${sizeBytes} B`, () => {
    const packet = pool.take();
    packet.end = packet.start + sizeBytes;
    a.send(packet, 1);
    const message = sent.pop()!;
    if (b.receive(message.bytes, message.start, message.end, 1) !== "data") {
      throw new Error("Cannot receive: not data");
    }
    pool.give(message);
  });
}

Deno.bench("handshake of both ends, confirmation included", () => {
  const pair = Pair.established();
  pair.a.wireguard.close();
  pair.b.wireguard.close();
});
