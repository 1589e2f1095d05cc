/**
 * Where the time of one packet goes, from the write of one end to the read of the other, without
 * sockets: each layer by itself, then all of them in a row. The masking of the WebSocket has a bench of
 * its own (`core/websocket/frame_bench.ts`), and so has what waits in the system (`main.ts`).
 * `deno bench -A tests/bench/packet_bench.ts`.
 *
 * @module
 */

import { type Packet, PacketPool } from "../../core/bytes/mod.ts";
import { ManualClock, systemRandom } from "../../core/clock/mod.ts";
import { ipv4Address, sumWords } from "../../core/ip/mod.ts";
import { Netstack, type TcpConn } from "../../core/netstack/mod.ts";
import {
  forwardRelayFrame,
  readRelayFrame,
  RELAY_HEADER_BYTES,
  RelayFlags,
  writeRelayHeader,
} from "../../core/relay/mod.ts";
import { generatePrivateKey, publicKey, WireGuard } from "../../core/wireguard/mod.ts";

const CLIENT = ipv4Address(0x0a4d0102);
const SERVER = ipv4Address(0x0a4d0101);

/** IPv4 and TCP headers. */
const HEADERS_BYTES = 40;

/** One end: TCP/IP above WireGuard, whose messages are put on a wire. */
interface End {
  readonly netstack: Netstack;
  readonly wireguard: WireGuard;
  readonly wire: Packet[];
}

/** Both ends of a tunnel; what leaves TCP goes through WireGuard only if `isSealed`. */
class Ends {
  readonly pool: PacketPool;
  readonly client: End;
  readonly server: End;
  readonly #clock = new ManualClock();
  readonly #isSealed: boolean;

  constructor({ mtuBytes, isSealed }: { mtuBytes: number; isSealed: boolean }) {
    this.#isSealed = isSealed;
    this.pool = new PacketPool({ maxPacketBytes: mtuBytes });
    const [clientKey, serverKey] = [
      generatePrivateKey(systemRandom),
      generatePrivateKey(systemRandom),
    ];
    this.client = this.#end(mtuBytes, [CLIENT, SERVER], [clientKey, publicKey(serverKey)]);
    this.server = this.#end(mtuBytes, [SERVER, CLIENT], [serverKey, publicKey(clientKey)]);
    this.client.wireguard.initiate(0);
    this.#handshake();
  }

  #end(
    mtuBytes: number,
    [localAddress, peerAddress]: [typeof CLIENT, typeof CLIENT],
    [privateKey, peerPublicKey]: [Uint8Array, Uint8Array],
  ): End {
    const { pool } = this;
    const wire: Packet[] = [];
    const netstack: Netstack = new Netstack({
      mtuBytes,
      clock: this.#clock,
      random: systemRandom,
      pool,
      localAddress,
      peerAddress,
      output: (packet) => {
        if (this.#isSealed) wireguard.send(packet, 0);
        else wire.push(packet);
      },
    });
    const wireguard: WireGuard = new WireGuard({
      mtuBytes,
      random: systemRandom,
      pool,
      wallMs: () => 0,
      privateKey,
      peerPublicKey,
      send: (packet) => void wire.push(packet),
      deliver: (bytes, start, end) => void netstack.input(bytes, start, end, 0),
    });
    return { netstack, wireguard, wire };
  }

  #handshake(): void {
    for (const [from, to] of [this.#forth, this.#back, this.#forth]) {
      for (const { bytes, start, end } of from.wire.splice(0)) {
        to.wireguard.receive(bytes, start, end, 0);
      }
    }
  }

  get #forth(): [End, End] {
    return [this.client, this.server];
  }

  get #back(): [End, End] {
    return [this.server, this.client];
  }

  /** Carries all that is on both wires, as a hub does. */
  carry(): void {
    this.client.netstack.flush(0);
    while (this.client.wire.length + this.server.wire.length > 0) {
      this.#empty(...this.#forth);
      this.#empty(...this.#back);
    }
  }

  #empty(from: End, to: End): void {
    for (const packet of from.wire) {
      if (this.#isSealed) {
        relay(packet);
        to.wireguard.receive(packet.bytes, packet.start + RELAY_HEADER_BYTES, packet.end, 0);
      } else {
        to.netstack.input(packet.bytes, packet.start, packet.end, 0);
      }
      this.pool.give(packet);
    }
    from.wire.length = 0;
    to.netstack.flush(0);
  }

  /** A connection whose handshake is over. */
  async open(): Promise<[TcpConn, TcpConn]> {
    const listener = this.server.netstack.listen({ port: 80 });
    const opening = this.client.netstack.connect({ port: 80 });
    this.carry();
    return await Promise.all([opening, listener.accept()]);
  }
}

/** The relay header goes on, the hub takes a hop off, the other end reads it. */
function relay(packet: Packet): void {
  packet.start -= RELAY_HEADER_BYTES;
  const { bytes, start, end } = packet;
  writeRelayHeader(bytes, start, RelayFlags.data, 7);
  if (forwardRelayFrame(bytes, start, end) !== "forward") throw new Error("Cannot forward");
  if (readRelayFrame(bytes, start, end) !== "data") throw new Error("Cannot read: not data");
}

/** Writes what one segment holds, and reads it at the other end. */
async function through(mtuBytes: number, isSealed: boolean): Promise<() => void> {
  const ends = new Ends({ mtuBytes, isSealed });
  const [from, to] = await ends.open();
  const bytes = new Uint8Array(mtuBytes - HEADERS_BYTES);
  const into = new Uint8Array(mtuBytes);
  const writing = from.write(bytes.fill(7));
  ends.carry();
  if (await to.read(into) !== bytes.length) throw new Error("Cannot read: not one segment");
  await writing;
  return () => {
    // What is there is taken before they return, so that nothing has to be awaited.
    from.write(bytes);
    ends.carry();
    to.read(into);
  };
}

for (const mtuBytes of [1_100, 16_384]) {
  const group = `${mtuBytes}`;
  const { client, server, pool } = new Ends({ mtuBytes, isSealed: false });
  const view = new DataView(new ArrayBuffer(mtuBytes));
  const take = () => {
    const packet = pool.take();
    packet.end += mtuBytes;
    return packet;
  };

  Deno.bench(`${mtuBytes} B: packet lent and taken back`, { group }, () => pool.give(take()));
  Deno.bench(`${mtuBytes} B: checksum, one end`, { group }, () => {
    sumWords(view, 0, mtuBytes, 0);
  });
  Deno.bench(`${mtuBytes} B: relay header, both ends and the hub`, { group }, () => {
    const packet = take();
    relay(packet);
    pool.give(packet);
  });
  Deno.bench(`${mtuBytes} B: WireGuard, both ends`, { group }, () => {
    client.wireguard.send(take(), 0);
    const packet = client.wire.pop()!;
    server.wireguard.receive(packet.bytes, packet.start, packet.end, 0);
    pool.give(packet);
  });
  const tcp = await through(mtuBytes, false);
  Deno.bench(`${mtuBytes} B: TCP and IP, both ends`, { group }, tcp);
  const all = await through(mtuBytes, true);
  Deno.bench(`${mtuBytes} B: all of it in a row`, { group }, all);
}
