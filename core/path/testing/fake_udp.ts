import type { Clock } from "../../clock/mod.ts";
import type { UdpAddress, UdpHandler, UdpPort, UdpSystem } from "../mod.ts";

/** A datagram on its way. */
export interface Datagram {
  /** Its bytes, which are the network's own. */
  bytes: Uint8Array<ArrayBuffer>;
  /** Who sent it. */
  from: UdpAddress;
  /** Whom it is for. */
  to: UdpAddress;
}

/** A network that can delay, and lose what it is told to. */
export class FakeUdpNet {
  /** How long a datagram takes, in ms of `clock`; without a clock they arrive at once. */
  delayMs: number = 0;
  /** Whose time delays are of. */
  clock: Clock | undefined;
  /** Decides about each datagram, when set: false loses it. */
  filter: ((datagram: Datagram) => boolean) | undefined;
  /** Whether the system refuses to send. */
  refuses: boolean = false;
  /** Datagrams larger than that are lost, as by a link with a small MTU. */
  maxBytes: number = Infinity;
  /** Addresses that open machines have besides their own. */
  moreAddresses: { address: string }[] = [];
  /** Datagrams that were sent. */
  sent: number = 0;
  readonly #ports = new Map<string, UdpHandler>();
  #nextPort = 40_000;

  /** UDP of a machine with one address, which it tells its peers only if it is `open`. */
  machine(hostname: string, { open = false }: { open?: boolean } = {}): UdpSystem {
    // A link-local address leads nowhere; none at all would mean that they may not be read.
    const own = { address: open ? hostname : "169.254.0.1" };
    const interfaces = () => [own, ...this.moreAddresses];
    return {
      bind: (_, handler) => this.bind({ hostname, handler }),
      lookup: (host) => Promise.resolve([host]),
      interfaces,
    };
  }

  /** Binds a port, any if it is not given. */
  bind(
    { hostname, port = this.#nextPort++, handler }: {
      hostname: string;
      port?: number;
      handler: UdpHandler;
    },
  ): UdpPort {
    const from: UdpAddress = { transport: "udp", hostname, port };
    const name = `${hostname}:${port}`;
    this.#ports.set(name, handler);
    return {
      localPort: port,
      send: (bytes, to) => {
        this.sent++;
        if (this.refuses) return Promise.resolve(false);
        this.#carry({ bytes: bytes.slice(), from, to });
        return Promise.resolve(true);
      },
      close: () => void this.#ports.delete(name),
    };
  }

  #carry(datagram: Datagram): void {
    const { bytes, from, to } = datagram;
    if (bytes.length > this.maxBytes || this.filter?.(datagram) === false) return;
    const arrive = () => {
      const handler = this.#ports.get(`${to.hostname}:${to.port}`);
      handler?.datagram(bytes, bytes.length, from);
      handler?.batchEnd();
    };
    if (this.clock === undefined || this.delayMs === 0) setImmediate(arrive);
    else this.clock.setTimer(arrive, this.delayMs);
  }
}

const PROBE = "PROBE";
const TOKEN_BYTES = 8;

/** The UDP relay of a hub, as the wire describes it. Spec: wire.md 5.1 */
export class FakeUdpHub {
  /** What the hub cannot send by UDP as the other side has not probed yet. */
  onWebSocket: (token: string, frame: Uint8Array) => void = () => {};
  /** Whether probes are answered. */
  isReady: boolean = true;
  readonly #port: UdpPort;
  readonly #peers = new Map<string, string>();
  readonly #addresses = new Map<string, UdpAddress>();

  /** A hub that listens at an address, and knows no tokens. */
  constructor(net: FakeUdpNet, { hostname, port }: { hostname: string; port: number }) {
    this.#port = net.bind({
      hostname,
      port,
      handler: {
        datagram: (bytes, end, from) => this.#onDatagram(bytes.subarray(0, end), from),
        batchEnd: () => {},
        failed: () => {},
      },
    });
  }

  /** Maps two tokens, 16 hexadecimal digits each, to each other. */
  pair(a: string, b: string): void {
    this.#peers.set(a, b);
    this.#peers.set(b, a);
  }

  /** Forgets all tokens and addresses. */
  forget(): void {
    this.#peers.clear();
    this.#addresses.clear();
  }

  #onDatagram(bytes: Uint8Array<ArrayBuffer>, from: UdpAddress): void {
    const token = bytes.subarray(0, TOKEN_BYTES).toHex();
    const peer = this.#peers.get(token);
    if (peer === undefined) return;
    this.#addresses.set(token, from);
    const frame = bytes.subarray(TOKEN_BYTES);
    if (new TextDecoder().decode(frame) === PROBE) {
      if (!this.isReady) return;
      const ready = new Uint8Array([...bytes.subarray(0, TOKEN_BYTES), ...encode("READY")]);
      this.#port.send(ready, from);
      return;
    }
    const to = this.#addresses.get(peer);
    if (to === undefined) return this.onWebSocket(peer, frame);
    this.#port.send(new Uint8Array([...Uint8Array.fromHex(peer), ...frame]), to);
  }
}

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
