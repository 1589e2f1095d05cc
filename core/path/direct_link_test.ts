import assert from "node:assert/strict";
import { PacketPool } from "../bytes/mod.ts";
import { ManualClock, systemRandom } from "../clock/mod.ts";
import type { Carrier } from "./carrier.ts";
import { DirectLink } from "./direct_link.ts";
import type { UdpPort } from "./udp_port.ts";

const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

/** A link from 192.168.1.2, to whose questions the peer answers. */
function setUp() {
  const clock = new ManualClock();
  const pool = new PacketPool({ maxPacketBytes: 1500, maxFree: 4 });
  const system = { takes: true };
  const ipv4: UdpPort = {
    localPort: 40_000,
    send: () => Promise.resolve(system.takes),
    close: () => {},
  };
  const events: string[] = [];
  const reached: Carrier[] = [];
  const link = new DirectLink({
    role: "client",
    ports: { ipv4 },
    hub: undefined,
    stunServers: [],
    interfaces: () => [{ address: "192.168.1.2" }],
    pool,
    clock,
    random: systemRandom,
    sessionId: 1,
    handler: {
      reached: (carrier) => {
        reached.push(carrier);
        events.push(`reached ${carrier.remote}`);
      },
      lost: () => events.push("lost"),
      probe: (_, seq) => queueMicrotask(() => link.answered(seq)),
      announce: () => {},
      datagram: () => false,
      congestion: () => {},
      refused: (_, packet) => pool.give(packet),
    },
  });
  return { clock, pool, system, events, reached, link };
}

Deno.test("DirectLink looks for the peer again at once when the system refused to send", async () => {
  const { clock, pool, system, events, reached, link } = setUp();
  link.start("ours");
  link.heardOf({ type: "peer-candidates", candidates: ["192.168.1.3:40001"] });
  await settle();
  clock.advance(60_000);
  assert.equal(clock.nextTimerMs(), Infinity);
  system.takes = false;
  reached[0]!.send(pool.take());
  await settle();
  system.takes = true;
  clock.advance(0);
  await settle();
  assert.deepEqual(events, ["reached 192.168.1.3:40001", "lost", "reached 192.168.1.3:40001"]);
  link.close();
});

Deno.test("DirectLink knows when the peer is at an address of this machine", async () => {
  for (const [host, isLocal] of [["192.168.1.3", false], ["192.168.1.2", true]] as const) {
    const { reached, link } = setUp();
    link.start("ours");
    link.heardOf({ type: "peer-candidates", candidates: [`${host}:40001`] });
    await settle();
    assert.equal(reached[0]?.isLocal, isLocal);
    link.close();
  }
});
