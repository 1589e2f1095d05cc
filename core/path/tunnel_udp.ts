import type { PacketPool, Random } from "../bytes/mod.ts";
import type { Clock } from "../clock/mod.ts";
import type { UdpOffer } from "../control/mod.ts";
import type { UdpAddress, UdpPort, UdpSystem } from "./udp_port.ts";
import { UdpRelay, type UdpRelayHandler } from "./udp_relay.ts";

/** Told what comes by UDP. */
export interface TunnelUdpHandler extends Omit<UdpRelayHandler, "unreachable"> {
  /** All messages of one turn have been handed over. */
  batchEnd(): void;
}

/** Options of {@linkcode TunnelUdp}. */
export interface TunnelUdpOptions {
  /** UDP of the machine, or its twin in memory. */
  system: UdpSystem;
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
 * The UDP socket of one tunnel, which all ways by UDP share, and who gets what arrives on it. It is
 * bound when it is needed first.
 *
 * Spec: wire.md 5.2, 5.5
 */
export class TunnelUdp {
  /** Datagrams that nobody wanted. */
  dropped = 0;
  readonly #options: TunnelUdpOptions;
  readonly #sessionId: number;
  #port: UdpPort | undefined;
  #relay: UdpRelay | undefined;
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

  /** Tries an offer of the hub at `hosts`, in order; without UDP it is of no effect. */
  offer(offer: UdpOffer, hosts: readonly string[]): void {
    if (!this.#bind()) return;
    this.#relay!.offer(offer, hosts);
  }

  /** Ends everything. */
  close(): void {
    this.#unavailable = "closed";
    this.#relay?.close();
    this.#port?.close();
  }

  #bind(): boolean {
    if (this.#unavailable !== undefined) return false;
    if (this.#port !== undefined) return true;
    const { system, pool, clock, handler } = this.#options;
    try {
      this.#port = system.bind("0.0.0.0", {
        datagram: (bytes, end, from) => this.#onDatagram(bytes, end, from),
        batchEnd: () => handler.batchEnd(),
        failed: (error) => this.#fail(error),
      });
    } catch (error) {
      this.#fail(error);
      return false;
    }
    this.#relay = new UdpRelay({
      port: this.#port,
      lookup: system.lookup,
      pool,
      clock,
      sessionId: this.#sessionId,
      handler: {
        ...handler,
        found: (carrier) => {
          this.#isUnreachable = false;
          handler.found(carrier);
        },
        unreachable: () => void (this.#isUnreachable = true),
      },
    });
    return true;
  }

  #onDatagram(bytes: Uint8Array<ArrayBuffer>, end: number, from: UdpAddress): void {
    if (!this.#relay!.receive(bytes, end, from)) this.dropped++;
  }

  #fail(error: unknown): void {
    this.#unavailable ??= error instanceof Error ? error.message : String(error);
  }
}
