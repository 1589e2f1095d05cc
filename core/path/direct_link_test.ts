import assert from "node:assert/strict";
import { PacketPool } from "../bytes/mod.ts";
import { ManualClock, systemRandom } from "../clock/mod.ts";
import type { Carrier } from "./carrier.ts";
import { DirectLink } from "./direct_link.ts";
import type { UdpPort } from "./udp_port.ts";

const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

Deno.test("DirectLink looks for the peer again at once when the system refused to send", async () => {
  const clock = new ManualClock();
  const pool = new PacketPool({ maxPacketBytes: 1500, maxFree: 4 });
  let takes = true;
  const ipv4: UdpPort = { localPort: 40_000, send: () => Promise.resolve(takes), close: () => {} };
  const events: string[] = [];
  let reached: Carrier | undefined;
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
      reached: (carrier) => events.push(`reached ${(reached = carrier).remote}`),
      lost: () => events.push("lost"),
      probe: (_, seq) => queueMicrotask(() => link.answered(seq)),
      announce: () => {},
      datagram: () => false,
      congestion: () => {},
      refused: (_, packet) => pool.give(packet),
    },
  });
  link.start("ours");
  link.heardOf({ type: "peer-candidates", candidates: ["192.168.1.3:40001"] });
  await settle();
  clock.advance(60_000);
  assert.equal(clock.nextTimerMs(), Infinity);
  takes = false;
  reached!.send(pool.take());
  await settle();
  takes = true;
  clock.advance(0);
  await settle();
  assert.deepEqual(events, ["reached 192.168.1.3:40001", "lost", "reached 192.168.1.3:40001"]);
  link.close();
});
