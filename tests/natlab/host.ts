import { type Endpoint, makeEndpoint } from "../../core/endpoint/mod.ts";
import { answerBindingRequest } from "../../core/stun/mod.ts";
import type { Datagram, Network, Station } from "./network.ts";

/** Receives the datagrams of a socket. */
export type OnDatagram = (bytes: Uint8Array<ArrayBuffer>, source: Endpoint) => void;

/** A socket of a {@linkcode Host}. */
export interface Socket {
  /** Port it is bound to, in every family. */
  readonly port: number;
  /** Sends a copy of `bytes`; false if the host has no address of that family. */
  send(bytes: Uint8Array, to: Endpoint): boolean;
  /** Takes no more. */
  close(): void;
}

/** Where a host is attached: an address, and the network that it is in. */
export interface Attachment {
  /** In the network's own address space. */
  readonly address: string;
  /** What it is attached to. */
  readonly network: Network;
}

/** First of the ports that are given to sockets which want any. */
const FIRST_PORT = 50_000;

/** A machine with at most one address in each family, and its UDP sockets. */
export class Host implements Station {
  #attachments: readonly Attachment[] = [];
  readonly #sockets = new Map<number, OnDatagram>();
  #nextPort = FIRST_PORT;

  /** Attaches it. */
  constructor(...attachments: readonly Attachment[]) {
    this.move(...attachments);
  }

  /** Where it is attached. */
  get attachments(): readonly Attachment[] {
    return this.#attachments;
  }

  /** Its addresses. */
  get addresses(): readonly string[] {
    return this.#attachments.map(({ address }) => address);
  }

  /** Leaves all networks and enters others, as a laptop does; sockets stay. */
  move(...attachments: readonly Attachment[]): void {
    for (const { address, network } of this.#attachments) network.detach(address);
    this.#attachments = attachments;
    for (const { address, network } of attachments) network.attach(address, this);
  }

  receive({ source, destination, bytes }: Datagram): void {
    this.#sockets.get(destination.port)?.(bytes, source);
  }

  /** Binds a socket in all families, to any port unless one is given. */
  bind(onDatagram: OnDatagram, port: number = this.#nextPort++): Socket {
    this.#sockets.set(port, onDatagram);
    return {
      port,
      send: (bytes, to) => this.#send(bytes, { to, port }),
      close: () => void this.#sockets.delete(port),
    };
  }

  /** Answers STUN requests at `port`, and returns its endpoint of the first address. */
  serveStun(port: number): Endpoint {
    const socket = this.bind((bytes, source) => {
      const answer = answerBindingRequest(bytes, source);
      if (typeof answer !== "string") socket.send(answer, source);
    }, port);
    return makeEndpoint(this.addresses[0]!, port)!;
  }

  #send(bytes: Uint8Array, { to, port }: { to: Endpoint; port: number }): boolean {
    const isV6 = to.host.includes(":");
    const attachment = this.#attachments.find(({ address }) => address.includes(":") === isV6);
    if (attachment === undefined) return false;
    const source = makeEndpoint(attachment.address, port)!;
    attachment.network.send({ source, destination: to, bytes: Uint8Array.from(bytes) });
    return true;
  }
}
