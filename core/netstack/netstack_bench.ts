/**
 * What the stack costs: two stacks back to back in memory, no sealing and no sockets between them.
 *
 * The figures are for both sides together: one segment made by one and processed by the other, and
 * the acknowledgements that go back.
 */
import { type Packet, PacketPool } from "../bytes/mod.ts";
import { systemClock, systemRandom } from "../clock/mod.ts";
import { ipv4Address } from "../ip/mod.ts";
import { Netstack, type TcpConn } from "./mod.ts";

const CLIENT = ipv4Address(0x0a4d0102);
const SERVER = ipv4Address(0x0a4d0101);

/** Packets processed before the receiving stack is flushed, as one read of a socket would bring. */
const BATCH_PACKETS = 32;

/** Two stacks joined by queues that are emptied in batches, once per event-loop turn. */
class Pair {
  readonly client: Netstack;
  readonly server: Netstack;
  packets = 0;
  readonly #pool = new PacketPool({ maxPacketBytes: 16384, maxFree: 4096 });
  readonly #queues: [Packet[], Packet[]] = [[], []];
  #scheduled = false;

  constructor(mtuBytes: number) {
    const common = { mtuBytes, clock: systemClock, random: systemRandom, pool: this.#pool };
    this.client = new Netstack({
      ...common,
      localAddress: CLIENT,
      peerAddress: SERVER,
      output: (packet) => this.#put(0, packet),
    });
    this.server = new Netstack({
      ...common,
      localAddress: SERVER,
      peerAddress: CLIENT,
      output: (packet) => this.#put(1, packet),
    });
  }

  #put(direction: 0 | 1, packet: Packet): void {
    this.packets++;
    this.#queues[direction].push(packet);
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(() => this.#carry());
  }

  #carry(): void {
    this.#scheduled = false;
    this.#empty(0, this.server);
    this.#empty(1, this.client);
  }

  #empty(direction: 0 | 1, to: Netstack): void {
    const queue = this.#queues[direction];
    this.#queues[direction] = [];
    const nowMs = systemClock.nowMs();
    for (let i = 0; i < queue.length; i++) {
      const packet = queue[i]!;
      to.input(packet.bytes, packet.start, packet.end, nowMs);
      this.#pool.give(packet);
      if (i % BATCH_PACKETS === BATCH_PACKETS - 1) to.flush(nowMs);
    }
    to.flush(nowMs);
  }

  async open(port: number): Promise<[TcpConn, TcpConn]> {
    const listener = this.server.listen({ port });
    const pair = await Promise.all([this.client.connect({ port }), listener.accept()]);
    listener.close();
    return pair;
  }

  close(): void {
    this.client.close();
    this.server.close();
  }
}

async function transfer(from: TcpConn, to: TcpConn, total: number): Promise<void> {
  const out = new Uint8Array(65536);
  const into = new Uint8Array(262144);
  const sending = (async () => {
    for (let sent = 0; sent < total; sent += out.length) await from.write(out);
  })();
  for (let got = 0; got < total;) got += (await to.read(into)) ?? total;
  await sending;
}

const BULK_BYTES = 16 << 20;

for (const mtuBytes of [1100, 16384]) {
  const segments = Math.ceil(BULK_BYTES / (mtuBytes - 40));
  Deno.bench({
    name: `bulk 16 MiB, MTU ${mtuBytes}: ${segments} segments`,
    group: "bulk",
    async fn(b) {
      const pair = new Pair(mtuBytes);
      const [client, server] = await pair.open(80);
      await transfer(client, server, BULK_BYTES);
      b.start();
      await transfer(client, server, BULK_BYTES);
      b.end();
      pair.close();
    },
  });
}

Deno.bench({
  name: "100 connections opened, one byte echoed, closed",
  group: "connections",
  async fn(b) {
    const pair = new Pair(1100);
    const listener = pair.server.listen({ port: 80 });
    const serve = (async () => {
      for await (const conn of listener) {
        const byte = new Uint8Array(1);
        await conn.read(byte);
        await conn.write(byte);
        conn.close();
      }
    })();
    b.start();
    for (let i = 0; i < 100; i++) {
      const conn = await pair.client.connect({ port: 80 });
      const byte = new Uint8Array(1);
      await conn.write(byte);
      await conn.read(byte);
      await conn.closeWrite();
      await conn.read(byte);
      conn.close();
    }
    b.end();
    listener.close();
    await serve;
    pair.close();
  },
});
