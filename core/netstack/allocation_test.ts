/** What a bulk transfer leaves to the collector of garbage, on the heap and beside it. */
import assert from "node:assert/strict";
import { type Packet, PacketPool } from "../bytes/mod.ts";
import { garbageBytes } from "../bytes/testing/mod.ts";
import { ManualClock } from "../clock/mod.ts";
import { CLIENT, SERVER } from "./_pair.ts";
import { Netstack } from "./mod.ts";

const MTU_BYTES = 1100;
const WRITE_BYTES = 65_536;

/** Writes between two looks at the heap: few enough for no collection to come between. */
const WRITES = 4;

/** Short-lived views by which bytes are copied take 530 to 850; a segment's buffer would take 1,300 more. */
const MAX_BYTES = 1200;

/** Two stacks whose packets are carried by a call, and given back to the pool they share. */
class Loop {
  readonly client: Netstack;
  readonly server: Netstack;
  /** Packets carried. */
  packets = 0;
  readonly #clock = new ManualClock();
  readonly #pool = new PacketPool({ maxPacketBytes: MTU_BYTES, maxFree: 1024 });
  readonly #toServer: Packet[] = [];
  readonly #toClient: Packet[] = [];

  constructor() {
    const shared = {
      mtuBytes: MTU_BYTES,
      clock: this.#clock,
      random: (out: Uint8Array) => void out.fill(9),
      pool: this.#pool,
    };
    this.client = new Netstack({
      ...shared,
      localAddress: CLIENT,
      peerAddress: SERVER,
      output: (packet) => void this.#toServer.push(packet),
    });
    this.server = new Netstack({
      ...shared,
      localAddress: SERVER,
      peerAddress: CLIENT,
      output: (packet) => void this.#toClient.push(packet),
    });
  }

  carry(): void {
    this.client.flush(0);
    while (this.#toServer.length + this.#toClient.length > 0) {
      this.#empty(this.#toServer, this.server);
      this.#empty(this.#toClient, this.client);
    }
  }

  #empty(queue: Packet[], to: Netstack): void {
    for (const packet of queue) {
      to.input(packet.bytes, packet.start, packet.end, 0);
      this.#pool.give(packet);
    }
    this.packets += queue.length;
    queue.length = 0;
    to.flush(0);
  }
}

Deno.test("a bulk transfer takes no new buffer for a segment, an acknowledgement, or a page", async () => {
  const loop = new Loop();
  const listener = loop.server.listen({ port: 80 });
  const opening = loop.client.connect({ port: 80 });
  loop.carry();
  const [from, to] = await Promise.all([opening, listener.accept()]);
  const bytes = new Uint8Array(WRITE_BYTES);
  const into = new Uint8Array(WRITE_BYTES);
  const transfer = async () => {
    for (let i = 0; i < WRITES; i++) {
      const writing = from.write(bytes);
      loop.carry();
      for (let got = 0; got < WRITE_BYTES;) got += (await to.read(into))!;
      await writing;
    }
  };
  // Until the windows have settled.
  for (let i = 0; i < 75; i++) await transfer();
  const perPacket = await garbageBytes({
    memoryUsage: Deno.memoryUsage,
    maxBytes: MAX_BYTES,
    work: async () => {
      loop.packets = 0;
      await transfer();
      return loop.packets;
    },
  });
  assert.ok(perPacket < MAX_BYTES, `${perPacket} bytes for each packet`);
  loop.client.close();
  loop.server.close();
});
