import { type Packet, PacketPool } from "../../core/bytes/mod.ts";
import { type Ipv4Address, ipv4Address } from "../../core/ip/mod.ts";
import { Netstack } from "../../core/netstack/mod.ts";
import type { BufferMemory, TcpOptions } from "../../core/tcp/mod.ts";
import { Link, type LinkOptions } from "./link.ts";
import { Rng } from "./rng.ts";
import { SimClock } from "./sim_clock.ts";

/** Options of {@linkcode SimNet}. */
export interface SimNetOptions {
  /** Everything random follows from it. */
  seed: number;
  /** Both directions, unless `back` is given. */
  link?: LinkOptions;
  /** From the server to the client. */
  back?: LinkOptions;
  /** MTU of both stacks. Default 1100. */
  mtuBytes?: number;
  /** Limits of the client's connections. */
  clientTcp?: Partial<TcpOptions>;
  /** Limits of the server's connections. */
  serverTcp?: Partial<TcpOptions>;
  /** What the server's buffers share with those of other networks. Default: memory of its own. */
  serverMemory?: BufferMemory;
  /** Time, where several networks have the same. Default: a clock of its own. */
  clock?: SimClock;
}

const CLIENT = ipv4Address(0x0a4d0102);
const SERVER = ipv4Address(0x0a4d0101);

/** Two stacks and the network between them, under a virtual clock. */
export class SimNet {
  /** Virtual time. */
  readonly clock: SimClock;
  /** One end. */
  readonly client: Netstack;
  /** The other end. */
  readonly server: Netstack;
  /** From the client to the server. */
  readonly up: Link;
  /** From the server to the client. */
  readonly down: Link;
  readonly #rng: Rng;
  readonly #pool = new PacketPool({ maxPacketBytes: 16384 });

  /** An idle network. */
  constructor(o: SimNetOptions) {
    this.#rng = new Rng(o.seed);
    this.clock = o.clock ?? new SimClock();
    const { link = {}, back = link, mtuBytes = 1100 } = o;
    this.up = this.#link(link, () => this.server);
    this.down = this.#link(back, () => this.client);
    this.client = this.#stack([CLIENT, SERVER], mtuBytes, this.up, { tcp: o.clientTcp });
    this.server = this.#stack([SERVER, CLIENT], mtuBytes, this.down, {
      tcp: o.serverTcp,
      memory: o.serverMemory,
    });
  }

  #link(options: LinkOptions, to: () => Netstack): Link {
    return new Link({
      clock: this.clock,
      rng: this.#rng,
      options,
      deliver: (packet) => {
        const nowMs = this.clock.nowMs();
        to().input(packet, 0, packet.length, nowMs);
        to().flush(nowMs);
      },
    });
  }

  #stack(
    [localAddress, peerAddress]: [Ipv4Address, Ipv4Address],
    mtuBytes: number,
    link: Link,
    { tcp, memory }: { tcp: Partial<TcpOptions> | undefined; memory?: BufferMemory | undefined },
  ): Netstack {
    const output = (packet: Packet) => {
      link.send(packet.bytes.slice(packet.start, packet.end));
      this.#pool.give(packet);
    };
    const { clock } = this;
    const random = this.#rng.fill;
    const pool = this.#pool;
    return new Netstack({
      localAddress,
      peerAddress,
      mtuBytes,
      clock,
      random,
      pool,
      output,
      tcp: tcp ?? {},
      ...(memory !== undefined && { memory }),
    });
  }

  /**
   * Runs events until `work` settles, and gives its result.
   *
   * @throws {Error} if nothing is left to happen, or `limitMs` of virtual time have passed: a hang
   */
  async run<T>(work: Promise<T>, limitMs: number): Promise<T> {
    let settled = false;
    const done = () => void (settled = true);
    work.then(done, done);
    const endMs = this.clock.nowMs() + limitMs;
    for (;;) {
      await drain();
      if (settled) return await work;
      if (this.clock.nextMs() > endMs) {
        const why = this.clock.nextMs() === Infinity ? "nothing is left to happen" : "time is up";
        throw new Error(`Hang at ${this.clock.nowMs()} ms: ${why}`);
      }
      this.clock.step();
    }
  }

  /** Lets `forMs` of virtual time pass. */
  async pass(forMs: number): Promise<void> {
    await this.run(new Promise<void>((resolve) => this.clock.setTimer(resolve, forMs)), forMs);
  }

  /** Closes both stacks. */
  close(): void {
    this.client.close();
    this.server.close();
  }
}

/** Lets every promise that can settle do so: a turn of the real event loop. */
function drain(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
