import { createSocket } from "node:dgram";
import { once } from "node:events";

const MAX_DATAGRAM_BYTES = 65_536;

/** Where datagrams go. */
export interface UdpAddress {
  hostname: string;
  port: number;
}

/** A bound socket of either interface. */
interface Carrier {
  readonly port: number;
  /** Resolves when the kernel has the datagram or has refused it. */
  send(bytes: Uint8Array, to: UdpAddress): Promise<void>;
  /** Calls back with each datagram from now on. */
  receive(callback: (bytes: Uint8Array<ArrayBuffer>) => void): void;
  close(): Promise<void>;
}

/** Deno's own interface, twice as fast; there with `--unstable-net` only. */
function openNative(hostname: string): Carrier {
  const socket = Deno.listenDatagram({ transport: "udp", hostname, port: 0 });
  let receiving = Promise.resolve();
  const loop = async (callback: (bytes: Uint8Array<ArrayBuffer>) => void) => {
    const buffer = new Uint8Array(MAX_DATAGRAM_BYTES);
    for (;;) {
      try {
        const [bytes] = await socket.receive(buffer);
        callback(bytes.slice() as Uint8Array<ArrayBuffer>);
      } catch (error) {
        if (error instanceof Deno.errors.BadResource || error instanceof Deno.errors.Interrupted) {
          return;
        }
        // An answer of ICMP to what was sent.
        if (!(error instanceof Deno.errors.ConnectionRefused)) throw error;
      }
    }
  };
  return {
    port: (socket.addr as Deno.NetAddr).port,
    // A datagram that the kernel refuses is a lost one.
    send: (bytes, to) => socket.send(bytes, { transport: "udp", ...to }).then(() => {}, () => {}),
    receive: (callback) => void (receiving = loop(callback)),
    close: async () => {
      socket.close();
      await receiving;
    },
  };
}

async function openNode(hostname: string): Promise<Carrier> {
  // Without `recvBufferSize`: Deno allocates as much anew for each datagram.
  const socket = createSocket("udp4");
  socket.bind(0, hostname);
  await once(socket, "listening");
  return {
    port: socket.address().port,
    send: (bytes, { hostname, port }) => {
      return new Promise((resolve) => socket.send(bytes, port, hostname, () => resolve()));
    },
    receive: (callback) => void socket.on("message", callback),
    close: async () => {
      const closed = once(socket, "close");
      socket.close();
      await closed;
    },
  };
}

/** A UDP socket on a port that the system picks, and where what it sends goes. */
export class UdpEnd implements AsyncDisposable {
  /** Its own address. */
  readonly address: UdpAddress;
  /** Where datagrams go. */
  peer: UdpAddress | undefined;
  readonly #carrier: Carrier;
  #isClosed = false;
  #unsent = 0;
  #idle: (() => void) | undefined;

  private constructor(carrier: Carrier, hostname: string) {
    this.#carrier = carrier;
    this.address = { hostname, port: carrier.port };
  }

  /** Binds one to an address of this machine. */
  static async bind(hostname: string): Promise<UdpEnd> {
    const carrier = "listenDatagram" in Deno ? openNative(hostname) : await openNode(hostname);
    // Until Deno knows that a socket can be written it sends what it is given in reverse order.
    await carrier.send(new Uint8Array(0), { hostname, port: carrier.port });
    return new UdpEnd(carrier, hostname);
  }

  /** Calls back with each datagram from now on; the bytes are the receiver's to keep. */
  onDatagram(callback: (bytes: Uint8Array<ArrayBuffer>) => void): void {
    this.#carrier.receive((bytes) => {
      const isOwn = bytes.length === 0;
      if (!isOwn && !this.#isClosed) callback(bytes);
    });
  }

  /** Sends a datagram, which is taken, to the peer. */
  send(bytes: Uint8Array): void {
    if (this.#isClosed || this.peer === undefined) return;
    this.#unsent++;
    this.#carrier.send(bytes, this.peer).then(() => {
      if (--this.#unsent === 0) this.#idle?.();
    });
  }

  /** Closes the socket when what was sent is with the kernel. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    if (this.#unsent > 0) await new Promise<void>((resolve) => this.#idle = resolve);
    await this.#carrier.close();
  }
}
