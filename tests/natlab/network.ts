import type { Endpoint } from "../../core/endpoint/mod.ts";
import type { Rng, SimClock } from "../simnet/mod.ts";

/** A UDP datagram on its way. */
export interface Datagram {
  /** Where it comes from, as seen on the network that it is on. */
  readonly source: Endpoint;
  /** Where it goes. */
  readonly destination: Endpoint;
  /** Its payload. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** What is attached to a network. */
export interface Station {
  /** A datagram for one of its addresses, or, if it is the gateway, for an address elsewhere. */
  receive(datagram: Datagram): void;
}

/** Options of {@linkcode Network}. */
export interface NetworkOptions {
  /** Times the delivery. */
  clock: SimClock;
  /** Decides jitter and loss. */
  rng: Rng;
  /** From one station to another, milliseconds. */
  delayMs: number;
  /** Longest random addition to the delay, milliseconds; it reorders. Default 0. */
  jitterMs?: number;
  /** Share of datagrams lost, 0 to 1. Default 0. */
  loss?: number;
}

/** A network in one address space: the Internet, or a LAN behind a gateway. */
export class Network {
  /** Share of datagrams lost; may be changed. */
  loss: number;
  /** Takes what is for no station here; without one it is dropped. */
  gateway: Station | undefined;
  readonly #options: NetworkOptions;
  readonly #stations = new Map<string, Station>();

  /** Makes an empty network. */
  constructor(options: NetworkOptions) {
    this.#options = options;
    this.loss = options.loss ?? 0;
  }

  /** Gives `station` an address. */
  attach(host: string, station: Station): void {
    this.#stations.set(host, station);
  }

  /** Takes the address back. */
  detach(host: string): void {
    this.#stations.delete(host);
  }

  /** Delivers a datagram after the delay, to whom its address belongs by then. */
  send(datagram: Datagram): void {
    const { clock, rng, delayMs, jitterMs = 0 } = this.#options;
    if (rng.next() < this.loss) return;
    clock.setTimer(() => {
      const station = this.#stations.get(datagram.destination.host) ?? this.gateway;
      station?.receive(datagram);
    }, delayMs + rng.next() * jitterMs);
  }
}
