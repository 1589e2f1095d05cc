import type { SimClock } from "../simnet/mod.ts";
import type { Datagram, Network, Station } from "./network.ts";

/** Options of {@linkcode Firewall}. */
export interface FirewallOptions {
  /** Times the holes. */
  clock: SimClock;
  /** Network of the protected hosts; the firewall becomes its gateway. */
  inside: Network;
  /** Network beyond. */
  outside: Network;
  /** Addresses of the hosts. */
  addresses: readonly string[];
  /** A hole unused from the inside for so long closes, ms. Default 30,000. */
  timeoutMs?: number;
}

/** A stateful firewall without translation, as stands before IPv6 homes. Spec: RFC 6092 §3.2 */
export class Firewall implements Station {
  readonly #options: FirewallOptions;
  /** When each hole was last used from the inside. */
  readonly #holes = new Map<string, number>();

  /** Takes its place between the networks. */
  constructor(options: FirewallOptions) {
    this.#options = options;
    options.inside.gateway = this;
    const station = { receive: (datagram: Datagram) => this.#fromOutside(datagram) };
    for (const address of options.addresses) options.outside.attach(address, station);
  }

  /** From the inside. */
  receive(datagram: Datagram): void {
    const { source, destination } = datagram;
    this.#holes.set(`${source.text}>${destination.text}`, this.#options.clock.nowMs());
    this.#options.outside.send(datagram);
  }

  #fromOutside(datagram: Datagram): void {
    const { clock, inside, timeoutMs = 30_000 } = this.#options;
    const usedMs = this.#holes.get(`${datagram.destination.text}>${datagram.source.text}`);
    if (usedMs !== undefined && clock.nowMs() - usedMs <= timeoutMs) inside.send(datagram);
  }
}
