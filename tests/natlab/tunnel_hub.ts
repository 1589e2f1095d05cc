import { HubSocket } from "../../core/path/mod.ts";
import { forwardRelayFrame } from "../../core/relay/mod.ts";
import { streamPair } from "../../core/stream/mod.ts";
import { WebSocketConnection } from "../../core/websocket/mod.ts";
import { Datagram, type FrameSink, UdpRelay } from "../../hub/udp/mod.ts";
import { makeEndpoint } from "../../core/endpoint/mod.ts";
import { Host } from "./host.ts";
import type { Lab } from "./lab.ts";

const ADDRESS = "198.51.100.9";
const PORT = 41820;

/** One way from peer to peer through the hub by WebSocket, milliseconds: longer than by UDP. */
const DELAY_MS = 60;

/** The hub of one session in the lab: two WebSockets, and the UDP relay and STUN of the real one. */
export class TunnelHub {
  readonly #lab: Lab;
  readonly #relay: UdpRelay;
  readonly #ends: WebSocketConnection[] = [];

  /** Binds its UDP port. */
  constructor(lab: Lab) {
    this.#lab = lab;
    this.#relay = new UdpRelay(lab.rng.fill);
    const datagram = new Datagram();
    const socket = new Host({ address: ADDRESS, network: lab.internet }).bind((bytes, source) => {
      datagram.bytes.set(bytes);
      datagram.lenBytes = bytes.length;
      datagram.address = { hostname: source.host, port: source.port };
      if (!this.#relay.input(datagram, lab.clock.nowMs())) return;
      const { hostname, port } = datagram.address;
      socket.send(datagram.bytes.subarray(0, datagram.lenBytes), makeEndpoint(hostname, port)!);
    }, PORT);
  }

  /** A socket to this hub; the two first are one session. */
  socket(): HubSocket {
    const [near, far] = streamPair();
    const { clock, rng } = this.#lab;
    const common = { clock, random: rng.fill };
    this.#ends.push(new WebSocketConnection({ stream: far, role: "server", ...common }));
    return new HubSocket(
      new WebSocketConnection({ stream: near, role: "client", ...common }),
      clock,
    );
  }

  /** Relays from now on and offers UDP; introduces two of `ours` to each other. */
  run({ ours }: { ours: boolean }): void {
    const [a, b] = this.#ends as [WebSocketConnection, WebSocketConnection];
    this.#forward(a, b);
    this.#forward(b, a);
    const sinks = [this.#sinkOf(a), this.#sinkOf(b)] as const;
    for (const [i, side] of this.#relay.pair(sinks).entries()) {
      const token = side.token.toHex();
      const end = this.#ends[i]!;
      if (ours) end.sendText(`{"type":"peer-hello","version":1,"features":["paths"]}`);
      end.sendText(JSON.stringify({ type: "udp-offer", token, port: PORT, host: ADDRESS }));
    }
  }

  #sinkOf(end: WebSocketConnection): FrameSink {
    return {
      frame: (bytes, start, from) => {
        end.sendBinary(bytes, start, from);
        return true;
      },
    };
  }

  async #forward(from: WebSocketConnection, to: WebSocketConnection): Promise<void> {
    const later = (deliver: () => void) => void this.#lab.clock.setTimer(deliver, DELAY_MS);
    await from.run({
      text: (text) => {
        if (!text.includes("keepalive")) later(() => to.sendText(text));
      },
      binary: (bytes, start, end) => {
        const frame = bytes.slice(start, end);
        if (forwardRelayFrame(frame, 0, frame.length) !== "forward") return;
        later(() => to.sendBinary(frame, 0, frame.length));
      },
    });
    to.closeNow(1001, "the other end is gone");
  }
}
