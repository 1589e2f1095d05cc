import { HEADROOM_BYTES, type Packet, type PacketPool } from "../bytes/mod.ts";
import { IPV4_HEADER_BYTES, type Ipv4Fields, pseudoHeaderSum, writeIpv4Header } from "../ip/mod.ts";
import { sealSegment, type SegmentSink } from "../tcp/mod.ts";

/** Makes IP packets of segments, between two fixed addresses. */
export class Ipv4Sink implements SegmentSink {
  /** Set by the stack while its carrier takes nothing. */
  blocked = false;
  /** Packets handed out. */
  packets = 0;
  readonly #fields: Ipv4Fields;
  readonly #pseudoSum: number;
  readonly #pool: PacketPool;
  readonly #output: (packet: Packet) => void;

  /** `output` takes each packet. */
  constructor(
    options: { fields: Ipv4Fields; pool: PacketPool; output: (packet: Packet) => void },
  ) {
    this.#fields = options.fields;
    this.#pseudoSum = pseudoHeaderSum(options.fields);
    this.#pool = options.pool;
    this.#output = options.output;
  }

  take(): Packet {
    const packet = this.#pool.take();
    packet.start = packet.end = HEADROOM_BYTES + IPV4_HEADER_BYTES;
    return packet;
  }

  send(packet: Packet): void {
    sealSegment(packet, this.#pseudoSum);
    packet.start -= IPV4_HEADER_BYTES;
    writeIpv4Header(packet.view, packet.start, packet.lenBytes, this.#fields);
    this.packets++;
    this.#output(packet);
  }
}
