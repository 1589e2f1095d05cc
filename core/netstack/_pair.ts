import { type Packet, PacketPool } from "../bytes/mod.ts";
import { ManualClock } from "../clock/mod.ts";
import { type Ipv4Address, ipv4Address } from "../ip/mod.ts";
import type { TcpOptions } from "../tcp/mod.ts";
import type { TcpConn } from "./conn.ts";
import { Netstack } from "./netstack.ts";

/** Address of the client. */
export const CLIENT: Ipv4Address = ipv4Address(0x0a4d0102);
/** Address of the server. */
export const SERVER: Ipv4Address = ipv4Address(0x0a4d0101);

/** Limits of the two ends, and what is done to the server. */
export interface PairOptions {
  client?: Partial<TcpOptions>;
  server?: Partial<TcpOptions>;
  /** Told of defects in the server's connections. Default: they are thrown. */
  onDefect?: (error: unknown) => void;
  /** Sees each packet of the server, and may throw. */
  onServerOutput?: (packet: Packet) => void;
}

/** Two stacks whose packets are carried, in order, whenever the promises have run dry. */
export class Pair {
  readonly clock = new ManualClock();
  readonly pool = new PacketPool({ maxPacketBytes: 1500 });
  readonly client: Netstack;
  readonly server: Netstack;
  /** Packets are thrown away while true. */
  cut = false;
  /** Packets the client may send before it is paused. */
  clientBudget = Infinity;
  readonly #options: PairOptions;
  readonly #wire: { to: () => Netstack; packet: Packet }[] = [];

  constructor(options: PairOptions = {}) {
    this.#options = options;
    this.client = this.#stack(CLIENT, SERVER, () => this.server, options.client);
    this.server = this.#stack(SERVER, CLIENT, () => this.client, options.server);
  }

  #stack(
    localAddress: Ipv4Address,
    peerAddress: Ipv4Address,
    to: () => Netstack,
    tcp: Partial<TcpOptions> | undefined,
  ): Netstack {
    return new Netstack({
      localAddress,
      peerAddress,
      mtuBytes: 1100,
      clock: this.clock,
      random: (out) => out.fill(9),
      pool: this.pool,
      output: (packet) => {
        if (localAddress === SERVER) this.#options.onServerOutput?.(packet);
        this.#wire.push({ to, packet });
        if (localAddress === CLIENT && --this.clientBudget === 0) this.client.pause();
      },
      tcp: tcp ?? {},
      ...(this.#options.onDefect !== undefined && { onDefect: this.#options.onDefect }),
    });
  }

  /** Carries packets and lets promises run until nothing moves. */
  async run(): Promise<void> {
    for (let idle = 0; idle < 3;) idle = await this.step() === 0 ? idle + 1 : 0;
  }

  /** Lets promises run, then carries what is under way now, but not what that gives rise to. */
  async step(): Promise<number> {
    await new Promise((resolve) => setImmediate(resolve));
    const packets = this.#wire.splice(0);
    for (const { to, packet } of packets) {
      if (this.cut) continue;
      to().input(packet.bytes, packet.start, packet.end, this.clock.nowMs());
      to().flush(this.clock.nowMs());
    }
    return packets.length;
  }

  /** Lets time pass in small steps. */
  async pass(ms: number): Promise<void> {
    for (let i = 0; i < ms; i += 50) {
      this.clock.advance(50);
      await this.run();
    }
  }

  async settle<T>(promise: Promise<T>): Promise<T> {
    promise.catch(() => {});
    await this.run();
    return await promise;
  }

  async open(port = 80): Promise<[TcpConn, TcpConn]> {
    const listener = this.server.listen({ port });
    const both = await this.settle(
      Promise.all([this.client.connect({ port }), listener.accept()]),
    );
    listener.close();
    return both;
  }

  close(): void {
    this.client.close();
    this.server.close();
  }
}
