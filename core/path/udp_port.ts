import { lookup } from "node:dns/promises";
import { isLoopback } from "../endpoint/mod.ts";

/** Where a datagram goes or came from, in the form Deno uses; `hostname` is an address. */
export interface UdpAddress {
  /** Always UDP. */
  readonly transport: "udp";
  /** An IPv4 or IPv6 address, without brackets. */
  readonly hostname: string;
  /** 1 to 65535. */
  readonly port: number;
}

/** Told what happens on a {@linkcode UdpPort}. */
export interface UdpHandler {
  /** A datagram, borrowed until the call returns; it may be changed in place. */
  datagram(bytes: Uint8Array<ArrayBuffer>, end: number, from: UdpAddress): void;
  /** All datagrams of one turn have been handed over. */
  batchEnd(): void;
  /** Nothing more is received, as reading failed for good. */
  failed(error: unknown): void;
}

/** A UDP socket, or its twin in memory. */
export interface UdpPort {
  /** Port it is bound to. */
  readonly localPort: number;
  /**
   * Sends a datagram, borrowed until the result resolves: to whether the system took it. Never
   * rejects. The first one is to be waited for: until then the system may reorder.
   */
  send(bytes: Uint8Array<ArrayBuffer>, to: UdpAddress): Promise<boolean>;
  /** Ends it; the handler is called no more. */
  close(): void;
}

/**
 * Binds a socket on any free port of all addresses of a family.
 *
 * @throws {Error} if the system or a permission refuses
 */
export type BindUdp = (hostname: "0.0.0.0" | "::", handler: UdpHandler) => UdpPort;

/** A STUN server that somebody named. */
export interface StunServer {
  /** Host name or address, without brackets. */
  readonly host: string;
  /** 1 to 65535. */
  readonly port: number;
}

/** What a tunnel needs of the machine for UDP. */
export interface UdpSystem {
  /** Binds a socket. */
  bind: BindUdp;
  /** IPv4 addresses of a host name or address, none if it has none; never rejects. */
  lookup(host: string): Promise<string[]>;
  /** Addresses of the interfaces; none where the permission is missing. */
  interfaces(): { address: string }[];
}

/** Room for any datagram that most networks carry, and for any at all, as on loopback. */
const RECEIVE_BYTES = { first: 2_048, most: 65_536 } as const;

/** Errors of reading in a row, none of which ends a UDP socket by itself, until it is given up. */
const MAX_ERRORS = 16;

/**
 * A UDP socket of Deno. `Deno.listenDatagram` offers no socket buffer sizes, and `node:dgram`, which
 * does, receives 50 times fewer packets a second; so the system's default of some 200 KB it is.
 */
class DenoUdpPort implements UdpPort {
  readonly localPort: number;
  readonly #conn: Deno.DatagramConn;
  readonly #handler: UdpHandler;
  #batch: ReturnType<typeof setImmediate> | undefined;
  #closed = false;

  constructor(conn: Deno.DatagramConn, handler: UdpHandler) {
    this.#conn = conn;
    this.#handler = handler;
    this.localPort = (conn.addr as Deno.NetAddr).port;
    this.#run();
  }

  async send(bytes: Uint8Array<ArrayBuffer>, to: UdpAddress): Promise<boolean> {
    try {
      await this.#conn.send(bytes, to);
      return true;
    } catch {
      // Which way it failed does not matter: the owner takes another path for any of them.
      return false;
    }
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#batch !== undefined) clearImmediate(this.#batch);
    this.#conn.close();
  }

  async #run(): Promise<void> {
    let buffer = new Uint8Array(RECEIVE_BYTES.first);
    let errors = 0;
    while (!this.#closed) {
      try {
        const [{ length }, from] = await this.#conn.receive(buffer);
        if (this.#closed) return;
        errors = 0;
        this.#handler.datagram(buffer, length, from as UdpAddress);
        // What filled the buffer may have been cut off, and was refused then: such sizes are asked for
        // more than once. By loopback they come for certain.
        const isTooSmall = length === buffer.length || isLoopback((from as UdpAddress).hostname);
        if (isTooSmall && buffer.length < RECEIVE_BYTES.most) {
          buffer = new Uint8Array(RECEIVE_BYTES.most);
        }
        // Datagrams that wait are received within one turn of the event loop, up to 128.
        this.#batch ??= setImmediate(() => this.#endBatch());
      } catch (error) {
        if (this.#closed) return;
        if (++errors > MAX_ERRORS) return this.#handler.failed(error);
      }
    }
  }

  #endBatch(): void {
    this.#batch = undefined;
    this.#handler.batchEnd();
  }
}

/** UDP of the machine. Needs `--unstable-net` and the permission to listen. */
export const systemUdp: UdpSystem = {
  bind: (hostname, handler) =>
    new DenoUdpPort(Deno.listenDatagram({ transport: "udp", hostname, port: 0 }), handler),
  async lookup(host) {
    try {
      const found = await lookup(host, { all: true, family: 4 });
      return found.map(({ address }) => address);
    } catch {
      // A name without an IPv4 address is one candidate less.
      return [];
    }
  },
  interfaces() {
    try {
      return Deno.networkInterfaces();
    } catch {
      // Without the permission the peer is told only what STUN sees.
      return [];
    }
  },
};
