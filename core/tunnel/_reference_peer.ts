import { PacketPool } from "../bytes/mod.ts";
import { type Clock, systemRandom } from "../clock/mod.ts";
import { Netstack } from "../netstack/mod.ts";
import type { HubSocket, UdpAddress, UdpPort, UdpSystem } from "../path/mod.ts";
import { readRelayFrame, RELAY_HEADER_BYTES, RelayFlags, writeRelayHeader } from "../relay/mod.ts";
import { WireGuard } from "../wireguard/mod.ts";
import { tunnelAddresses } from "./options.ts";

const MTU_BYTES = 1100;

/** Options of {@linkcode ReferencePeer}. */
export interface ReferencePeerOptions {
  socket: HubSocket;
  system: UdpSystem;
  clock: Clock;
  privateKey: Uint8Array;
  peerPublicKey: Uint8Array;
}

/**
 * An agent that behaves as the reference does: sends by UDP as soon as it may, and by the WebSocket
 * otherwise; answers what it must and measures nothing. Spec: wire.md 5.2 to 5.6
 */
export class ReferencePeer {
  readonly netstack: Netstack;
  /** Whether it sends by UDP. */
  usesUdp = false;
  readonly #wireguard: WireGuard;
  readonly #port: UdpPort;
  #relay: { token: Uint8Array; to: UdpAddress } | undefined;

  constructor(private readonly options: ReferencePeerOptions) {
    const { clock, socket, system, privateKey, peerPublicKey } = options;
    const pool = new PacketPool({ maxPacketBytes: MTU_BYTES });
    const { agent, client } = tunnelAddresses(7);
    this.netstack = new Netstack({
      localAddress: agent,
      peerAddress: client,
      mtuBytes: MTU_BYTES,
      clock,
      random: systemRandom,
      pool,
      output: (packet) => this.#wireguard.send(packet, clock.nowMs()),
    });
    this.#wireguard = new WireGuard({
      privateKey,
      peerPublicKey,
      mtuBytes: MTU_BYTES,
      random: systemRandom,
      wallMs: () => clock.wallMs(),
      pool,
      send: (packet) => {
        packet.start -= RELAY_HEADER_BYTES;
        writeRelayHeader(packet.bytes, packet.start, RelayFlags.data, 1);
        const frame = packet.bytes.slice(packet.start, packet.end);
        pool.give(packet);
        if (!this.usesUdp) return socket.sendFrame(frame, 0, frame.length);
        const { token, to } = this.#relay!;
        this.#port.send(new Uint8Array([...token, ...frame]), to);
      },
      deliver: (bytes, start, end) => {
        this.netstack.input(bytes, start, end, clock.nowMs());
      },
    });
    this.#port = system.bind("0.0.0.0", {
      datagram: (bytes, end) => this.#onDatagram(bytes, end),
      batchEnd: () => this.netstack.flush(clock.nowMs()),
      failed: () => {},
    });
    socket.attach({
      frame: (bytes, start, end) => this.#onFrame(bytes, start, end),
      batchEnd: () => this.netstack.flush(clock.nowMs()),
      offer: ({ token, port, host }) => {
        const to: UdpAddress = { transport: "udp", hostname: host!, port };
        this.#relay = { token: Uint8Array.fromHex(token), to };
        const probe = [...this.#relay.token, ...new TextEncoder().encode("PROBE")];
        this.#port.send(new Uint8Array(probe), to);
      },
    });
    this.#wireguard.initiate(clock.nowMs());
  }

  close(): void {
    this.netstack.close();
    this.#wireguard.close();
    this.#port.close();
    this.options.socket.close();
  }

  #onFrame(bytes: Uint8Array<ArrayBuffer>, start: number, end: number): void {
    if (readRelayFrame(bytes, start, end) === "control") {
      const answer = bytes.slice(start, end);
      answer[RELAY_HEADER_BYTES] = 2;
      if (bytes[start + RELAY_HEADER_BYTES] === 1) {
        this.options.socket.sendFrame(answer, 0, answer.length);
      }
    } else this.#open(bytes, start + RELAY_HEADER_BYTES, end);
  }

  #onDatagram(bytes: Uint8Array<ArrayBuffer>, end: number): void {
    if (end === 13) this.usesUdp = true;
    else this.#open(bytes, 8 + RELAY_HEADER_BYTES, end);
  }

  #open(bytes: Uint8Array<ArrayBuffer>, start: number, end: number): void {
    this.#wireguard.receive(bytes, start, end, this.options.clock.nowMs());
  }
}
