/**
 * Costs per message: sealing and opening through the whole of WireGuard, and one
 * handshake of both ends. `deno bench core/wireguard`.
 *
 * @module
 */

import { type Packet, PacketPool, type Random } from "../bytes/mod.ts";
import { Pair, seededRandom } from "./_pair.ts";
import { generatePrivateKey, publicKey } from "./keys.ts";
import { WireGuard } from "./wireguard.ts";

const SIZES = [1_100, 16_384];

/** Two ends with a session, whose messages stay in packets and are handed over by the bench. */
function connect(
  mtuBytes: number,
): { a: WireGuard; b: WireGuard; sent: Packet[]; pool: PacketPool } {
  const random: Random = seededRandom(1);
  const pool = new PacketPool({ maxPacketBytes: mtuBytes });
  const [keyA, keyB] = [generatePrivateKey(random), generatePrivateKey(random)];
  const sent: Packet[] = [];
  const shared = {
    mtuBytes,
    random,
    pool,
    wallMs: () => 0,
    send: (packet: Packet) => void sent.push(packet),
    deliver: () => {},
  };
  const a = new WireGuard({ ...shared, privateKey: keyA, peerPublicKey: publicKey(keyB) });
  const b = new WireGuard({ ...shared, privateKey: keyB, peerPublicKey: publicKey(keyA) });
  a.initiate(0);
  for (const to of [b, a, b]) {
    const { bytes, start, end } = sent.shift()!;
    to.receive(bytes, start, end, 0);
  }
  return { a, b, sent, pool };
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
