import type { PeerCandidates, PeerEndpoint } from "../../core/control/mod.ts";
import type { Endpoint } from "../../core/endpoint/mod.ts";
import { Rng, SimClock } from "../simnet/mod.ts";
import { Firewall } from "./firewall.ts";
import { Host } from "./host.ts";
import { type Kind, NATS } from "./kinds.ts";
import { Nat, type NatBehaviour } from "./nat.ts";
import { Network } from "./network.ts";
import type { LabPeer, Mailbox } from "./peer.ts";

/** One way between two sites, milliseconds: 2 hosts, 1 Internet; and on a LAN. */
const INTERNET_DELAY_MS = 20;
const LAN_DELAY_MS = 1;

/** One way from peer to peer through the hub, milliseconds. */
const HUB_DELAY_MS = 30;

/** The hub's UDP port, with STUN on it. */
const HUB_PORT = 41820;

/** Options of {@linkcode Lab}. */
export interface LabOptions {
  /** Decides everything random. */
  seed: number;
  /** Longest random addition to the delay on the Internet, ms. Default 0. */
  jitterMs?: number;
  /** Share of datagrams lost on the Internet, 0 to 1. Default 0. */
  loss?: number;
}

/** A LAN behind its NATs; without any it is the Internet itself. */
export interface Site {
  /** Where hosts are attached. */
  readonly network: Network;
  /** First three numbers of their addresses. */
  readonly prefix: string;
  /** The one next to the hosts first. */
  readonly nats: readonly Nat[];
}

/** An Internet in memory with a hub, under virtual time. */
export class Lab {
  /** Virtual time. */
  readonly clock: SimClock = new SimClock();
  /** Everything random. */
  readonly rng: Rng;
  /** What all sites are attached to. */
  readonly internet: Network;
  /** STUN at the hub and at another address. */
  readonly stunServers: readonly Endpoint[];
  #sites = 0;
  #hosts = 0;

  /** Makes an Internet on which there is only the hub. */
  constructor({ seed, jitterMs = 0, loss = 0 }: LabOptions) {
    this.rng = new Rng(seed);
    const { clock, rng } = this;
    this.internet = new Network({ clock, rng, delayMs: INTERNET_DELAY_MS, jitterMs, loss });
    this.stunServers = ["198.51.100.1", "198.51.100.2"].map((address) =>
      new Host({ address, network: this.internet }).serveStun(HUB_PORT)
    );
  }

  /** Makes a site behind the NATs of a kind, or behind some of one's own making. */
  site(kind: Kind | readonly NatBehaviour[]): Site {
    const behaviours = typeof kind === "string" ? NATS[kind] : kind;
    const number = ++this.#sites;
    let site: Site = { network: this.internet, prefix: `203.0.${number}`, nats: [] };
    for (const [i, behaviour] of behaviours.toReversed().entries()) {
      const isOuter = i < behaviours.length - 1;
      site = this.behind(site, { behaviour, prefix: `${isOuter ? "100.64" : "10.0"}.${number}` });
    }
    return site;
  }

  /** Makes a site behind a NAT that has its address in another site. */
  behind(
    outer: Site,
    { behaviour, prefix }: { behaviour: NatBehaviour; prefix: string },
  ): Site {
    const { clock, rng } = this;
    const network = new Network({ clock, rng, delayMs: LAN_DELAY_MS });
    const address = `${outer.prefix}.${++this.#hosts}`;
    const options = { clock, rng, inside: network, outside: outer.network, address };
    return { network, prefix, nats: [new Nat({ ...behaviour, ...options }), ...outer.nats] };
  }

  /** Attaches a host to a site. */
  host(site: Site): Host {
    return new Host({ address: `${site.prefix}.${++this.#hosts}`, network: site.network });
  }

  /** Gives a host an IPv6 address besides, behind a firewall of its own. */
  addIpv6(host: Host): void {
    const { clock, rng, internet: outside } = this;
    const address = `2001:db8::${++this.#hosts}`;
    const inside = new Network({ clock, rng, delayMs: LAN_DELAY_MS });
    new Firewall({ clock, inside, outside, addresses: [address] });
    host.move(...host.attachments, { address, network: inside });
  }

  /** Joins two peers through the hub. */
  join(a: LabPeer, b: LabPeer): void {
    a.connect(this.#mailbox(b));
    b.connect(this.#mailbox(a));
  }

  /** Lets time pass until `atMs`. */
  runUntil(atMs: number): void {
    // A timer at the end, so that the clock stands there whatever else happens.
    this.clock.setTimer(() => {}, atMs - this.clock.nowMs());
    while (this.clock.nextMs() <= atMs) this.clock.step();
  }

  #mailbox(peer: LabPeer): Mailbox {
    const later = (deliver: () => void) => void this.clock.setTimer(deliver, HUB_DELAY_MS);
    return {
      control: (message: PeerCandidates | PeerEndpoint) => later(() => peer.control(message)),
      frame: (bytes) => later(() => peer.frame(bytes)),
    };
  }
}
