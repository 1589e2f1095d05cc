import type { PacketPool, Random } from "../bytes/mod.ts";
import type { Clock, Timer } from "../clock/mod.ts";
import type { PeerCandidates, PeerEndpoint } from "../control/mod.ts";
import type { Carrier } from "./carrier.ts";
import { DirectLink, type DirectLinkHandler } from "./direct_link.ts";
import { type Endpoint, makeEndpoint } from "../endpoint/mod.ts";
import type { StunServer, UdpAddress, UdpPort, UdpSystem } from "./udp_port.ts";
import { type PlacedOffer, UdpRelay, type UdpRelayHandler } from "./udp_relay.ts";

/** A peer that has not said by then that it is of our own kind is taken for a reference peer, in ms. */
const REFERENCE_AFTER_MS = 3_000;

/** The machine's addresses are looked at so often, in ms. */
const INTERFACES_MS = 5_000;

/** Told what comes by UDP. */
export interface TunnelUdpHandler
  extends Omit<UdpRelayHandler, "found" | "unreachable">, DirectLinkHandler {
  /** All messages of one turn have been handed over. */
  batchEnd(): void;
  /** The addresses of the machine are others: {@linkcode TunnelUdp.refresh} is wanted. */
  networkChanged(): void;
}

/** Options of {@linkcode TunnelUdp}. */
export interface TunnelUdpOptions {
  /** Which end of the tunnel we are. */
  role: "agent" | "client";
  /** Whether a direct path is looked for, too. */
  isDirectWanted: boolean;
  /** UDP of the machine, or its twin in memory. */
  system: UdpSystem;
  /** STUN servers besides the hub. Default: none. */
  stunServers?: readonly StunServer[] | undefined;
  /** Where sent packets go back to. */
  pool: PacketPool;
  /** Times probes. */
  clock: Clock;
  /** Chooses the session id in the frames. */
  random: Random;
  /** Told what comes. */
  handler: TunnelUdpHandler;
}

/**
 * The UDP sockets of one tunnel, one for each family, which the ways by UDP share, and who gets what
 * arrives on them. They are bound when the hub offers UDP.
 *
 * Spec: wire.md 5.2, 5.5
 */
export class TunnelUdp {
  /** Datagrams that nobody wanted. */
  dropped = 0;
  readonly #options: TunnelUdpOptions;
  readonly #sessionId: number;
  #port: UdpPort | undefined;
  #portV6: UdpPort | undefined;
  #relay: UdpRelay | undefined;
  #direct: DirectLink | undefined;
  #peerIsOurs = false;
  /** What the peer told before there was a direct link. */
  #heardOf: PeerCandidates | PeerEndpoint | undefined;
  #startTimer: Timer | undefined;
  #interfacesTimer: Timer | undefined;
  #addresses = "";
  /** The configured STUN servers, by address; undefined until their names have been looked up. */
  #stunServers: Endpoint[] | undefined;
  #stunLookup: Promise<void> | undefined;
  #unavailable: string | undefined;
  #isUnreachable = false;

  /** Binds nothing yet. */
  constructor(options: TunnelUdpOptions) {
    this.#options = options;
    const id = new Uint32Array(1);
    options.random(new Uint8Array(id.buffer));
    this.#sessionId = id[0]!;
  }

  /** Why there is no way by UDP, for people; `undefined` while there is or may be. */
  get note(): string | undefined {
    if (this.#unavailable !== undefined) return `no UDP: ${this.#unavailable}`;
    return this.#isUnreachable ? "no UDP: the hub does not answer to it" : undefined;
  }

  /** Tries an offer of the hub; without UDP it is of no effect. */
  offer(offer: PlacedOffer): void {
    if (!this.#bind()) return;
    this.#relay!.offer(offer);
  }

  /** The peer is of our own kind. */
  peerIsOurs(): void {
    if (this.#peerIsOurs) return;
    this.#peerIsOurs = true;
    this.#startTimer?.cancel();
    this.#direct?.start("ours");
  }

  /** The peer told where it is. */
  heardOf(message: PeerCandidates | PeerEndpoint): void {
    this.#heardOf = message;
    this.#direct?.heardOf(message);
  }

  /** A question of {@linkcode DirectLinkHandler.probe} was answered directly. */
  answered(seq: number): void {
    this.#direct?.answered(seq);
  }

  /** A path does not answer any more. */
  died(carrier: Carrier): void {
    this.#direct?.died(carrier);
  }

  /** Sleep, another network or a new socket to the hub. */
  refresh(): void {
    this.#direct?.refresh();
  }

  /** Ends everything. */
  close(): void {
    this.#unavailable = "closed";
    this.#startTimer?.cancel();
    this.#interfacesTimer?.cancel();
    this.#relay?.close();
    this.#direct?.close();
    this.#port?.close();
    this.#portV6?.close();
  }

  #bind(): boolean {
    if (this.#unavailable !== undefined) return false;
    if (this.#port !== undefined) return true;
    const { system, pool, clock, handler } = this.#options;
    try {
      this.#port = this.#bindTo("0.0.0.0");
    } catch (error) {
      this.#fail(error);
      return false;
    }
    this.#addresses = this.#readAddresses();
    this.#watchInterfaces();
    const sessionId = this.#sessionId;
    this.#relay = new UdpRelay({
      port: this.#port,
      lookup: system.lookup,
      pool,
      clock,
      sessionId,
      handler: {
        ...handler,
        found: (carrier) => {
          this.#isUnreachable = false;
          handler.reached(carrier);
          this.#lookDirectly();
        },
        unreachable: () => {
          this.#isUnreachable = true;
          this.#lookDirectly();
        },
      },
    });
    return true;
  }

  /** Servers whose names have no address are left out. */
  async #resolveStunServers(servers: readonly StunServer[]): Promise<void> {
    const found = await Promise.all(servers.map(async ({ host, port }) => {
      const [hostname = host] = await this.#options.system.lookup(host);
      return makeEndpoint(hostname, port);
    }));
    this.#stunServers = found.filter((endpoint) => endpoint !== undefined);
    this.#lookDirectly();
  }

  #readAddresses(): string {
    return this.#options.system.interfaces().map(({ address }) => address).sort().join();
  }

  #watchInterfaces(): void {
    this.#interfacesTimer = this.#options.clock.setTimer(() => {
      this.#watchInterfaces();
      const addresses = this.#readAddresses();
      if (addresses === this.#addresses) return;
      this.#addresses = addresses;
      this.#options.handler.networkChanged();
    }, INTERFACES_MS);
  }

  #bindTo(hostname: "0.0.0.0" | "::"): UdpPort {
    return this.#options.system.bind(hostname, {
      datagram: (bytes, end, from) => this.#onDatagram(bytes, end, from),
      batchEnd: () => this.#options.handler.batchEnd(),
      failed: (error) => this.#fail(error),
    });
  }

  /** Begins once it is known whether the hub tells us our address. */
  #lookDirectly(): void {
    if (this.#direct !== undefined || this.#unavailable !== undefined) return;
    const { system, clock, isDirectWanted } = this.#options;
    if (!isDirectWanted) return;
    const { stunServers = [] } = this.#options;
    if (this.#stunServers === undefined && stunServers.length > 0) {
      this.#stunLookup ??= this.#resolveStunServers(stunServers);
      return;
    }
    try {
      this.#portV6 = this.#bindTo("::");
    } catch {
      // A machine without IPv6 looks by IPv4 alone.
    }
    this.#direct = new DirectLink({
      ...this.#options,
      ports: { ipv4: this.#port!, ipv6: this.#portV6 },
      hub: this.#relay!.hub,
      stunServers: this.#stunServers ?? [],
      interfaces: system.interfaces,
      sessionId: this.#sessionId,
    });
    if (this.#heardOf !== undefined) this.#direct.heardOf(this.#heardOf);
    if (this.#peerIsOurs) return this.#direct.start("ours");
    // A reference peer looks only while it is on UDP itself. Spec: wire.md 5.5
    if (this.#isUnreachable) return;
    const start = () => this.#direct!.start("reference");
    this.#startTimer = clock.setTimer(start, REFERENCE_AFTER_MS);
  }

  #onDatagram(bytes: Uint8Array<ArrayBuffer>, end: number, from: UdpAddress): void {
    if (this.#relay!.receive(bytes, end, from)) return;
    if (!this.#direct?.receive(bytes, end, from)) this.dropped++;
  }

  #fail(error: unknown): void {
    this.#unavailable ??= error instanceof Error ? error.message : String(error);
  }
}
