import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";

/** Where datagrams go. */
export interface UdpAddress {
  hostname: string;
  port: number;
}

/** A UDP socket on a port that the system picks, and where what it sends goes. */
export class UdpEnd implements AsyncDisposable {
  /** Its own address. */
  readonly address: UdpAddress;
  /** Where datagrams go. */
  peer: UdpAddress | undefined;
  readonly #socket: Socket;
  #isClosed = false;
  #unsent = 0;
  #idle: (() => void) | undefined;

  private constructor(socket: Socket, hostname: string) {
    this.#socket = socket;
    this.address = { hostname, port: socket.address().port };
  }

  /** Binds one to an address of this machine. */
  static async bind(hostname: string): Promise<UdpEnd> {
    // Without `recvBufferSize`: Deno allocates as much anew for each datagram.
    const socket = createSocket("udp4");
    socket.bind(0, hostname);
    await once(socket, "listening");
    // Until Deno knows that a socket can be written it sends what it is given in reverse order.
    await new Promise((resolve) => {
      socket.send(new Uint8Array(0), socket.address().port, hostname, resolve);
    });
    return new UdpEnd(socket, hostname);
  }

  /** Calls back with each datagram from now on; the bytes are the receiver's to keep. */
  onDatagram(callback: (bytes: Uint8Array<ArrayBuffer>) => void): void {
    this.#socket.on("message", (buffer: Uint8Array<ArrayBuffer>) => {
      const isOwn = buffer.length === 0;
      if (!isOwn && !this.#isClosed) callback(buffer);
    });
  }

  /** Sends a datagram, which is taken, to the peer. */
  send(bytes: Uint8Array): void {
    if (this.#isClosed || this.peer === undefined) return;
    this.#unsent++;
    // A datagram that the kernel refuses is a lost one.
    this.#socket.send(bytes, this.peer.port, this.peer.hostname, () => {
      if (--this.#unsent === 0) this.#idle?.();
    });
  }

  /** Closes the socket when what was sent is with the kernel. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    if (this.#unsent > 0) await new Promise<void>((resolve) => this.#idle = resolve);
    const closed = once(this.#socket, "close");
    this.#socket.close();
    await closed;
  }
}
