import { type Clock, sleep } from "../../core/clock/mod.ts";
import type { Log } from "../../core/log/mod.ts";
import { Datagram } from "./datagram.ts";
import type { UdpRelay } from "./udp_relay.ts";

/**
 * Datagrams that the operating system has not taken yet; more are dropped. A receive buffer of
 * Linux holds fewer, so that what a burst brings can leave.
 */
const MAX_IN_FLIGHT = 32;

/** Pause after a failure to receive that is no matter of one datagram. */
const RETRY_MS = 100;

/** The part of a UDP socket that a {@linkcode UdpPort} needs. */
export type UdpSocket = Pick<Deno.DatagramConn, "receive" | "send" | "close">;

/** What a {@linkcode UdpPort} works with. */
export interface UdpPortOptions {
  /** The socket; taken. */
  readonly socket: UdpSocket;
  /** Decides what becomes of each datagram. */
  readonly relay: UdpRelay;
  /** Stamps datagrams. */
  readonly clock: Clock;
  /** Told when receiving fails. */
  readonly log: Log;
}

/** A UDP socket with a relay behind it: receives, and sends what the relay says. */
export class UdpPort {
  readonly #options: UdpPortOptions;
  readonly #free: Datagram[] = [];
  #made = 0;
  #inFlight = 0;
  #isClosed = false;
  #onIdle: (() => void) | undefined;
  readonly #receiving: Promise<void>;

  /** Takes the socket and starts. */
  constructor(options: UdpPortOptions) {
    this.#options = options;
    this.#receiving = this.#receiveAll();
  }

  /** Closes the socket; settles when nothing of it is under way. */
  async close(): Promise<void> {
    if (!this.#isClosed) {
      this.#isClosed = true;
      this.#options.socket.close();
    }
    await this.#receiving;
    if (this.#inFlight > 0) await new Promise<void>((resolve) => this.#onIdle = resolve);
  }

  async #receiveAll(): Promise<void> {
    const { socket, relay, clock, log } = this.#options;
    let datagram = this.#take()!;
    while (!this.#isClosed) {
      try {
        const [received, from] = await socket.receive(datagram.bytes);
        datagram.lenBytes = received.length;
        datagram.address = from as Deno.NetAddr;
      } catch (error) {
        if (this.#isClosed) return;
        // Windows reports here that a peer, somewhere, has closed its port.
        if (error instanceof Deno.errors.ConnectionReset) continue;
        log(`cannot receive by UDP: ${(error as Error).message}`);
        await sleep(clock, RETRY_MS);
        continue;
      }
      if (!relay.input(datagram, clock.nowMs())) continue;
      const next = this.#take();
      if (next === undefined) {
        relay.stats.drops["send-busy"]++;
        continue;
      }
      this.#send(datagram);
      datagram = next;
    }
  }

  /** A buffer to receive into; undefined while all others are on their way out. */
  #take(): Datagram | undefined {
    const free = this.#free.pop();
    if (free !== undefined || this.#made > MAX_IN_FLIGHT) return free;
    this.#made++;
    return new Datagram();
  }

  /** The operating system may read the buffer until the promise settles. */
  async #send(datagram: Datagram): Promise<void> {
    const { socket, relay } = this.#options;
    const { bytes, lenBytes, address } = datagram;
    this.#inFlight++;
    try {
      await socket.send(bytes.subarray(0, lenBytes), address as Deno.NetAddr);
    } catch {
      // The address cannot be reached, or the socket is closed: a datagram lost, as any may be.
      relay.stats.drops["send-failed"]++;
    }
    this.#free.push(datagram);
    if (--this.#inFlight === 0) this.#onIdle?.();
  }
}
