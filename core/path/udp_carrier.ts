import type { Packet, PacketPool } from "../bytes/mod.ts";
import { isLoopback } from "../endpoint/mod.ts";
import { RELAY_HEADER_BYTES, RelayFlags, writeRelayHeader } from "../relay/mod.ts";
import type { Carrier } from "./carrier.ts";
import type { UdpAddress, UdpPort } from "./udp_port.ts";

/**
 * Datagrams given to the system and not yet taken, above which data waits. It is what one turn of the
 * event loop sends: enough to keep a core busy, and little enough for the buffer of the receiver.
 */
const CONGESTED_DATAGRAMS = 32;

/** Above this even small packets are dropped: the system takes nothing. */
const MAX_DATAGRAMS = 256;

/** Options of {@linkcode UdpCarrier}. */
export interface UdpCarrierOptions {
  /** Through the hub, or not. */
  kind: "direct" | "udp-relay";
  /** Socket, shared and borrowed. */
  port: UdpPort;
  /** Where to send. */
  to: UdpAddress;
  /** Whether that is an address of this machine, besides loopback. Default: false. */
  isLocal?: boolean;
  /** In front of each datagram, 8 bytes for a relay; copied. */
  token?: Uint8Array;
  /** Session id in the frames, a random u32. */
  sessionId: number;
  /** Where sent packets go back to. */
  pool: PacketPool;
  /** Congestion became another. */
  onCongestion: () => void;
  /** The system refused a message; takes the packet, which is as it was given. */
  onRefused: (packet: Packet) => void;
}

/** Sends WireGuard messages in relay frames by UDP. Spec: wire.md 4.2, 5.2 */
export class UdpCarrier implements Carrier {
  readonly kind: "direct" | "udp-relay";
  readonly remote: string;
  readonly isLocal: boolean;
  /** Messages dropped because the system took none. */
  dropped = 0;
  congested = false;
  readonly #options: UdpCarrierOptions;
  readonly #token: Uint8Array;
  #inFlight = 0;

  /** Makes a carrier; it has nothing to close. */
  constructor(options: UdpCarrierOptions) {
    this.#options = options;
    this.kind = options.kind;
    const { hostname, port } = options.to;
    this.remote = hostname.includes(":") ? `[${hostname}]:${port}` : `${hostname}:${port}`;
    this.isLocal = options.isLocal === true || isLoopback(hostname);
    this.#token = options.token?.slice() ?? new Uint8Array(0);
  }

  send(packet: Packet): void {
    const { pool, sessionId } = this.#options;
    if (this.#inFlight === MAX_DATAGRAMS) {
      this.dropped++;
      return pool.give(packet);
    }
    packet.start -= RELAY_HEADER_BYTES;
    writeRelayHeader(packet.bytes, packet.start, RelayFlags.data, sessionId);
    packet.start -= this.#token.length;
    packet.bytes.set(this.#token, packet.start);
    this.#transmit(packet);
    if (!this.congested && this.#inFlight >= CONGESTED_DATAGRAMS) this.#setCongested(true);
  }

  async #transmit(packet: Packet): Promise<void> {
    const { pool, port, to, onRefused } = this.#options;
    this.#inFlight++;
    const taken = await port.send(packet.bytes.subarray(packet.start, packet.end), to);
    this.#inFlight--;
    if (taken) pool.give(packet);
    else {
      packet.start += this.#token.length + RELAY_HEADER_BYTES;
      onRefused(packet);
    }
    if (this.congested && this.#inFlight <= CONGESTED_DATAGRAMS / 2) this.#setCongested(false);
  }

  #setCongested(congested: boolean): void {
    this.congested = congested;
    this.#options.onCongestion();
  }
}
