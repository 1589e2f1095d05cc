import type { Clock } from "../../core/clock/mod.ts";
import type { Rng } from "./rng.ts";

/** What one direction of a link does to packets; anything left out does nothing. */
export interface LinkOptions {
  /** Propagation delay in ms. */
  delayMs?: number;
  /** Up to this is added to the delay; packets stay in order. */
  jitterMs?: number;
  /** Probability that a packet is lost. */
  loss?: number;
  /** Probability that a packet comes twice. */
  duplicate?: number;
  /** Probability that a packet is delayed by `reorderMs` more, so that later ones overtake it. */
  reorder?: number;
  /** See `reorder`. Default 5. */
  reorderMs?: number;
  /** Rate in bits per second. Default unlimited. */
  bitsPerSecond?: number;
  /** Bytes waiting to be sent; what comes on top is dropped. Default unlimited. */
  queueBytes?: number;
}

/** One direction of a simulated link. */
export class Link {
  /** Packets dropped by loss or by the full queue. */
  dropped = 0;
  /** Packets given to the link. */
  packets = 0;
  /** Decides about each packet, when set: false drops it. */
  filter: ((packet: Uint8Array<ArrayBuffer>) => boolean) | undefined;
  /** May be changed while the simulation runs. */
  options: LinkOptions;
  readonly #clock: Clock;
  readonly #rng: Rng;
  readonly #deliver: (packet: Uint8Array<ArrayBuffer>) => void;
  #freeAtMs = 0;
  #lastArrivalMs = 0;

  /** `deliver` takes what arrives. */
  constructor(o: {
    clock: Clock;
    rng: Rng;
    options: LinkOptions;
    deliver: (packet: Uint8Array<ArrayBuffer>) => void;
  }) {
    this.#clock = o.clock;
    this.#rng = o.rng;
    this.#deliver = o.deliver;
    this.options = o.options;
  }

  /** Takes a packet. */
  send(packet: Uint8Array<ArrayBuffer>): void {
    this.packets++;
    const { loss = 0, duplicate = 0 } = this.options;
    // One draw per decision, always, so that a change of one rate does not shift the others.
    const [lost, twice] = [this.#rng.next() < loss, this.#rng.next() < duplicate];
    if (lost || this.filter?.(packet) === false) {
      this.dropped++;
      return;
    }
    this.#enqueue(packet);
    if (twice) this.#enqueue(packet);
  }

  #enqueue(packet: Uint8Array<ArrayBuffer>): void {
    const { delayMs = 0, jitterMs = 0, reorder = 0, reorderMs = 5 } = this.options;
    const { bitsPerSecond = Infinity, queueBytes = Infinity } = this.options;
    const nowMs = this.#clock.nowMs();
    const startMs = Math.max(nowMs, this.#freeAtMs);
    if ((startMs - nowMs) * bitsPerSecond / 8000 > queueBytes) {
      this.dropped++;
      return;
    }
    this.#freeAtMs = startMs + packet.length * 8000 / bitsPerSecond;
    let atMs = this.#freeAtMs + delayMs + this.#rng.next() * jitterMs;
    if (this.#rng.next() < reorder) atMs += reorderMs;
    else atMs = this.#lastArrivalMs = Math.max(atMs, this.#lastArrivalMs);
    this.#clock.setTimer(() => this.#deliver(packet), atMs - nowMs);
  }
}
