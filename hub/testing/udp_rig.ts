import { Datagram, type FrameSink, type UdpPairing, UdpRelay } from "../udp/mod.ts";

/** A datagram that the relay under test sent. */
export interface SentDatagram {
  /** Where to, as `192.0.2.7:4000`. */
  readonly to: string;
  /** A copy of what. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Takes frames for a side without UDP, as its WebSocket would. */
export class FakeSink implements FrameSink {
  /** Copies of what was taken. */
  readonly frames: Uint8Array[] = [];
  /** While true, nothing is taken. */
  isStalled = false;

  /** Notes a copy. */
  frame(bytes: Uint8Array<ArrayBuffer>, start: number, end: number): boolean {
    if (this.isStalled) return false;
    this.frames.push(bytes.slice(start, end));
    return true;
  }
}

/** A UDP relay with a network that is the test. */
export class UdpRig {
  /** The relay under test. */
  readonly relay: UdpRelay;
  /** Time, the test's to move. */
  nowMs = 0;
  readonly #datagram = new Datagram();

  /** Random bytes are 1, 2, 3 and so on, each draw going on where the last one ended. */
  constructor() {
    let drawn = 0;
    this.relay = new UdpRelay((out) => {
      for (let i = 0; i < out.length; i++) out[i] = ++drawn >>> (i % 2 * 8);
    });
  }

  /** Two sides with the sinks of their WebSockets. */
  pair(): { a: FakeSink; b: FakeSink; pairing: UdpPairing } {
    const [a, b] = [new FakeSink(), new FakeSink()];
    return { a, b, pairing: this.relay.pair([a, b]) };
  }

  /** A datagram arrives from `192.0.2.7:4000`; gives what the relay sends. */
  arrive(from: string, ...parts: (Uint8Array | string)[]): SentDatagram | undefined {
    const datagram = this.#datagram;
    datagram.bytes.fill(0xee);
    datagram.lenBytes = 0;
    for (const part of parts) {
      const bytes = typeof part === "string" ? new TextEncoder().encode(part) : part;
      datagram.bytes.set(bytes, datagram.lenBytes);
      datagram.lenBytes += bytes.length;
    }
    const [hostname = "", port = ""] = from.split(":");
    datagram.address = { hostname, port: Number(port) };
    if (!this.relay.input(datagram, this.nowMs)) return undefined;
    const { address, bytes, lenBytes } = datagram;
    return { to: `${address.hostname}:${address.port}`, bytes: bytes.slice(0, lenBytes) };
  }
}
