/**
 * Costs per message: sealing and opening through the whole of WireGuard, and one
 * handshake of both ends. `deno bench core/wireguard`.
 *
 * @module
 */

import { connect } from "./_connect.ts";
import { Pair } from "./_pair.ts";

const SIZES = [1_100, 16_384];

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
