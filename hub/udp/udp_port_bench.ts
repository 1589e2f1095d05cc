import { systemClock, systemRandom } from "../../core/clock/mod.ts";
import { createLog } from "../../core/log/mod.ts";
import { bindUdp } from "./bind_udp.ts";
import { Datagram } from "./datagram.ts";
import { UdpPort } from "./udp_port.ts";
import { UdpRelay } from "./udp_relay.ts";

const SIZES = [1140, 16_400];
const BURST = 4;
const BURSTS = 100;
const HEADER = [0x54, 0, 0, 1, 2, 3, 4];
const sink = { frame: () => false };
const log = createLog({ component: "bench", clock: systemClock, write: () => {} });

for (const size of SIZES) {
  const relay = new UdpRelay(systemRandom);
  const [a, b] = relay.pair([sink, sink]);
  const datagram = new Datagram();
  const address = { hostname: "127.0.0.1", port: 4000 };
  const arrive = (token: Uint8Array) => {
    datagram.bytes.set(token);
    datagram.bytes.set(HEADER, 8);
    datagram.lenBytes = size;
    datagram.address = address;
    return relay.input(datagram, 0);
  };
  arrive(b.token);
  Deno.bench(`UdpRelay.input() of ${size} bytes`, { group: "relay" }, () => {
    arrive(a.token);
  });
}

/** Two peers on loopback and the relay between them, all in this process. */
class Loop {
  readonly relay = new UdpRelay(systemRandom);
  readonly #bound = bindUdp({ port: 0, hostname: "127.0.0.1" });
  readonly #port = new UdpPort({ ...this.#bound, relay: this.relay, clock: systemClock, log });
  readonly #from = Deno.listenDatagram({ port: 0, hostname: "127.0.0.1", transport: "udp" });
  readonly #to = Deno.listenDatagram({ port: 0, hostname: "127.0.0.1", transport: "udp" });
  readonly #datagram: Uint8Array<ArrayBuffer>;
  readonly #buffer = new Uint8Array(65536);
  readonly #address: Deno.NetAddr;
  readonly #probe: Uint8Array<ArrayBuffer>;

  constructor(size: number) {
    this.#address = { transport: "udp", hostname: "127.0.0.1", port: this.#bound.port };
    const [a, b] = this.relay.pair([sink, sink]);
    this.#datagram = new Uint8Array(size);
    this.#datagram.set([...a.token, ...HEADER]);
    this.#probe = new Uint8Array([...b.token, ...new TextEncoder().encode("PROBE")]);
  }

  /** Tells the relay where the receiver is. */
  async open(): Promise<void> {
    await this.#to.send(this.#probe, this.#address);
    await this.#to.receive(this.#buffer);
  }

  /** A burst through the relay; on loopback none of it is lost, as the buffers hold it. */
  async run(): Promise<void> {
    for (let i = 0; i < BURST; i++) await this.#from.send(this.#datagram, this.#address);
    for (let i = 0; i < BURST; i++) await this.#to.receive(this.#buffer);
  }

  async close(): Promise<void> {
    this.#from.close();
    this.#to.close();
    await this.#port.close();
  }
}

for (const size of SIZES) {
  const name = `${BURSTS * BURST} datagrams of ${size} bytes through a UdpPort on loopback`;
  Deno.bench(name, { group: "loopback" }, async (bench) => {
    const loop = new Loop(size);
    await loop.open();
    bench.start();
    for (let i = 0; i < BURSTS; i++) await loop.run();
    bench.end();
    await loop.close();
  });
}
