import type { Packet, PacketPool } from "../bytes/mod.ts";
import {
  IPV4_HEADER_BYTES,
  type Ipv4Address,
  makeEchoReply,
  PROTOCOL_ICMP,
  writeIpv4Header,
} from "../ip/mod.ts";

/** Replies waiting for a flush; further requests of the batch are dropped. */
const MAX_REPLIES = 16;

/** Answers pings, unless the carrier is full: a peer may ask for ever and read nothing. */
export class Echo {
  /** Replies emitted. */
  packets = 0;
  readonly #addresses: { source: Ipv4Address; destination: Ipv4Address };
  readonly #pool: PacketPool;
  readonly #output: (packet: Packet) => void;
  readonly #carrier: { readonly blocked: boolean };
  readonly #replies: Packet[] = [];

  /** `output` takes each reply. */
  constructor(options: {
    addresses: { source: Ipv4Address; destination: Ipv4Address };
    pool: PacketPool;
    output: (packet: Packet) => void;
    carrier: { readonly blocked: boolean };
  }) {
    this.#addresses = options.addresses;
    this.#pool = options.pool;
    this.#output = options.output;
    this.#carrier = options.carrier;
  }

  /** Prepares the reply to a correct echo request; false if it was dropped. */
  request(bytes: Uint8Array, start: number, end: number): boolean {
    const lengthBytes = end - start;
    const fits = IPV4_HEADER_BYTES + lengthBytes <= this.#pool.maxPacketBytes;
    if (!fits || this.#carrier.blocked || this.#replies.length === MAX_REPLIES) return false;
    const packet = this.#pool.take();
    const at = packet.start + IPV4_HEADER_BYTES;
    packet.bytes.set(bytes.subarray(start, end), at);
    packet.end = at + lengthBytes;
    makeEchoReply(packet.view, at, packet.end);
    const fields = { ...this.#addresses, protocol: PROTOCOL_ICMP };
    writeIpv4Header(packet.view, packet.start, packet.lenBytes, fields);
    this.#replies.push(packet);
    return true;
  }

  /** Emits the replies. */
  flush(): void {
    for (const packet of this.#replies) this.#output(packet);
    this.packets += this.#replies.length;
    this.#replies.length = 0;
  }
}
