import type { LinkOptions } from "../simnet/link.ts";
import { Link } from "../simnet/link.ts";
import { Rng } from "../simnet/rng.ts";
import { SimClock } from "../simnet/sim_clock.ts";
import type { UdpEnd } from "./udp.ts";

/** Options of {@linkcode Forwarder}. */
export interface ForwarderOptions {
  /** The two sockets between whose peers it stands; they stay the caller's. */
  ends: readonly [UdpEnd, UdpEnd];
  /** Both directions, unless `back` is given. */
  link: LinkOptions;
  /** From the second end's peer to the first's. */
  back?: LinkOptions | undefined;
  /** Which packets are lost, doubled and delayed follows from it. */
  seed: number;
}

/**
 * A UDP proxy that does to real packets what the simulated link does to simulated ones: the clock of
 * the simulation follows the machine's.
 */
export class Forwarder implements Disposable {
  /** From the first end's peer to the second's. */
  readonly forth: Link;
  /** From the second end's peer to the first's. */
  readonly back: Link;
  readonly #clock = new SimClock();
  readonly #startMs = performance.now();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #timerAtMs = Infinity;

  /** Forwards from now on. */
  constructor({ ends: [first, second], link, back = link, seed }: ForwarderOptions) {
    this.forth = this.#link(link, { seed, to: second });
    this.back = this.#link(back, { seed: seed + 1, to: first });
    first.onDatagram((bytes) => this.#send(this.forth, bytes));
    second.onDatagram((bytes) => this.#send(this.back, bytes));
  }

  /** Stops; packets under way are lost. */
  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#timerAtMs = -Infinity;
  }

  #link(options: LinkOptions, { seed, to }: { seed: number; to: UdpEnd }): Link {
    // Each direction draws by itself, or the order of arrivals would decide what is lost.
    const rng = new Rng(seed);
    const deliver = (packet: Uint8Array<ArrayBuffer>) => to.send(packet);
    return new Link({ clock: this.#clock, rng, options, deliver });
  }

  #send(link: Link, bytes: Uint8Array<ArrayBuffer>): void {
    const arrivedMs = performance.now() - this.#startMs;
    this.#clock.setTimer(() => link.send(bytes), arrivedMs - this.#clock.nowMs());
    this.#catchUp();
  }

  /** Lets the simulation do what is due, and sets the timer for what comes next. */
  #catchUp(): void {
    let nowMs = performance.now() - this.#startMs;
    while (this.#clock.nextMs() <= nowMs) {
      this.#clock.step();
      nowMs = performance.now() - this.#startMs;
    }
    const nextMs = this.#clock.nextMs();
    if (nextMs >= this.#timerAtMs) return;
    clearTimeout(this.#timer);
    this.#timerAtMs = nextMs;
    // Several packets are due in a millisecond, the least a timer takes; they leave together.
    this.#timer = setTimeout(() => {
      this.#timerAtMs = Infinity;
      this.#catchUp();
    }, Math.ceil(nextMs - nowMs));
  }
}
