import { type Packet, PacketPool, type Random } from "../bytes/mod.ts";
import { seededRandom } from "./_pair.ts";
import { generatePrivateKey, publicKey } from "./keys.ts";
import { WireGuard } from "./wireguard.ts";

/** Two ends with a session, whose messages stay in packets and are handed over by a bench. */
export function connect(
  mtuBytes: number,
): { a: WireGuard; b: WireGuard; keyB: Uint8Array; sent: Packet[]; pool: PacketPool } {
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
  return { a, b, keyB: publicKey(keyB), sent, pool };
}
