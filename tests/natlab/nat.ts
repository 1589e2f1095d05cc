import { type Endpoint, makeEndpoint } from "../../core/endpoint/mod.ts";
import type { Rng, SimClock } from "../simnet/mod.ts";
import type { Datagram, Network, Station } from "./network.ts";

/** What one mapping of a NAT, or one hole of a firewall, depends on. Spec: RFC 4787 §4.1, §5 */
export type Dependence = "address" | "address-and-port" | "nothing";

/** How a NAT behaves. */
export interface NatBehaviour {
  /** Whether a socket keeps its port towards other destinations. */
  readonly mapping: Dependence;
  /** Who may send to a mapped port. */
  readonly filtering: Dependence;
  /** Whether hosts inside reach each other by their outside addresses. Default false. */
  readonly hairpin?: boolean;
  /** A mapping unused from the inside for so long is forgotten, ms. Default 30,000. */
  readonly timeoutMs?: number;
  /** Whether all UDP is dropped, or that in one direction. Default false. */
  readonly blocked?: boolean | "in" | "out";
}

/** Options of {@linkcode Nat}. */
export interface NatOptions extends NatBehaviour {
  /** Times the mappings. */
  clock: SimClock;
  /** Chooses outside ports. */
  rng: Rng;
  /** Network of the hosts; the NAT becomes its gateway. */
  inside: Network;
  /** Network it has its address in. */
  outside: Network;
  /** That address. */
  address: string;
}

interface Mapping {
  readonly inside: Endpoint;
  readonly outside: Endpoint;
  /** Whom the inside has sent to, in the terms of the filter. */
  readonly permitted: Set<string>;
  usedMs: number;
}

function keyOf({ host, text }: Endpoint, dependence: Dependence): string {
  return dependence === "nothing" ? "" : dependence === "address" ? host : text;
}

/** A network address translator between two networks. Spec: RFC 4787 */
export class Nat implements Station {
  /** How it behaves; may be changed, as by an operator. */
  behaviour: NatBehaviour;
  /** Its address outside. */
  readonly address: string;
  readonly #options: NatOptions;
  #mappings: Mapping[] = [];
  readonly #keys = new Map<string, Mapping>();

  /** Takes its place between the networks. */
  constructor(options: NatOptions) {
    this.#options = options;
    this.behaviour = options;
    this.address = options.address;
    options.outside.attach(options.address, { receive: (datagram) => this.#fromOutside(datagram) });
    options.inside.gateway = this;
  }

  /** Forgets every mapping, as after a restart: sockets get other ports. */
  rebind(): void {
    this.#mappings = [];
    this.#keys.clear();
  }

  /** From the inside. */
  receive(datagram: Datagram): void {
    const { blocked } = this.behaviour;
    if (blocked === true || blocked === "out") return;
    const { destination, bytes } = datagram;
    const mapping = this.#mappingFor(datagram);
    mapping.usedMs = this.#options.clock.nowMs();
    mapping.permitted.add(keyOf(destination, this.behaviour.filtering));
    const translated = { source: mapping.outside, destination, bytes };
    if (destination.host !== this.#options.address) this.#options.outside.send(translated);
    else if (this.behaviour.hairpin) this.#fromOutside(translated);
  }

  #fromOutside({ source, destination, bytes }: Datagram): void {
    const { blocked } = this.behaviour;
    if (blocked === true || blocked === "in") return;
    const mapping = this.#mappings.find(({ outside }) => outside.text === destination.text);
    if (mapping === undefined || this.#isStale(mapping)) return;
    if (!mapping.permitted.has(keyOf(source, this.behaviour.filtering))) return;
    this.#options.inside.send({ source, destination: mapping.inside, bytes });
  }

  #mappingFor({ source, destination }: Datagram): Mapping {
    const key = `${source.text}>${keyOf(destination, this.behaviour.mapping)}`;
    const known = this.#keys.get(key);
    if (known !== undefined && !this.#isStale(known)) return known;
    const mapping: Mapping = {
      inside: source,
      outside: this.#freeEndpoint(),
      permitted: new Set(),
      usedMs: 0,
    };
    this.#keys.set(key, mapping);
    this.#mappings.push(mapping);
    return mapping;
  }

  #isStale({ usedMs }: Mapping): boolean {
    return this.#options.clock.nowMs() - usedMs > (this.behaviour.timeoutMs ?? 30_000);
  }

  #freeEndpoint(): Endpoint {
    const { rng, address } = this.#options;
    for (;;) {
      const endpoint = makeEndpoint(address, 1024 + rng.below(64_000))!;
      if (this.#mappings.every(({ outside }) => outside.text !== endpoint.text)) return endpoint;
    }
  }
}
