import { type Packet, PacketPool, type Random } from "../bytes/mod.ts";
import { seededRandom } from "./_pair.ts";
import { generatePrivateKey, publicKey } from "./keys.ts";
import { WireGuard } from "./wireguard.ts";

/** Two ends with a session that `a` initiated, for benches. */
export interface Connected {
  readonly a: WireGuard;
  readonly b: WireGuard;
  readonly publicKeyB: Uint8Array;
  /** The initiation that made the session. */
  readonly initiation: Uint8Array;
  /** Messages sent, which a bench hands over. */
  readonly sent: Packet[];
  readonly pool: PacketPool;
}

/** Connects two new ends. */
export function connect(mtuBytes: number): Connected {
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
  const initiation = sent[0]!.bytes.slice(sent[0]!.start, sent[0]!.end);
  for (const to of [b, a, b]) {
    const { bytes, start, end } = sent.shift()!;
    to.receive(bytes, start, end, 0);
  }
  return { a, b, publicKeyB: publicKey(keyB), initiation, sent, pool };
}
