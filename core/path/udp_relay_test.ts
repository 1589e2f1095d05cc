import assert from "node:assert/strict";
import { PacketPool } from "../bytes/mod.ts";
import { ManualClock } from "../clock/mod.ts";
import { UdpRelay } from "./udp_relay.ts";

const READY = new TextEncoder().encode("READY");
const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

/** A relay's user, with a socket that notes what is sent, and names that are addresses. */
function setUp() {
  const clock = new ManualClock();
  const sent: string[] = [];
  const asked: string[] = [];
  const events: string[] = [];
  const relay = new UdpRelay({
    port: {
      localPort: 40_000,
      send: (bytes, { hostname, port }) => {
        sent.push(`${hostname}:${port} ${bytes[7]}`);
        return Promise.resolve(true);
      },
      close: () => {},
    },
    lookup: (host) => {
      asked.push(host);
      return Promise.resolve([host]);
    },
    pool: new PacketPool({ maxPacketBytes: 100 }),
    clock,
    sessionId: 1,
    handler: {
      found: ({ remote }) => events.push(`found ${remote}`),
      unreachable: () => events.push("unreachable"),
      datagram: () => false,
      congestion: () => {},
      refused: () => {},
    },
  });
  /** An offer whose token ends in `n`. */
  const offer = (n: number, hosts: readonly string[], allowLoopback = false) => {
    const token = `00000000000000${n.toString(16).padStart(2, "0")}`;
    relay.offer({ offer: { type: "udp-offer", token, port: 41_820 }, hosts, allowLoopback });
  };
  const answer = (n: number, hostname: string) => {
    const bytes = new Uint8Array([0, 0, 0, 0, 0, 0, 0, n, ...READY]);
    return relay.receive(bytes, bytes.length, { transport: "udp", hostname, port: 41_820 });
  };
  return { clock, relay, sent, asked, events, offer, answer };
}

Deno.test("UdpRelay takes up one offer a second, the last of those that came, however many do", async () => {
  const { clock, relay, sent, asked, events, offer, answer } = setUp();
  for (let i = 0; i < 100; i++) offer(i, ["192.0.2.1"]);
  await settle();
  for (let i = 0; i < 100; i++) offer(100 + i, ["192.0.2.2"]);
  await settle();
  assert.deepEqual(asked, ["192.0.2.1"]);
  assert.deepEqual(sent, ["192.0.2.1:41820 0"]);
  clock.advance(1_000);
  await settle();
  assert.deepEqual(asked, ["192.0.2.1", "192.0.2.2"]);
  assert.equal(sent.at(-1), "192.0.2.2:41820 199");
  assert.ok(sent.length <= 5, `${sent.length} probes`);
  assert.ok(answer(199, "192.0.2.2"));
  assert.deepEqual(events, ["found 192.0.2.2:41820"]);
  relay.close();
  assert.equal(clock.nextTimerMs(), Infinity);
});

Deno.test("UdpRelay probes no group of machines, nor this one unless the hub is on it", async () => {
  const { clock, relay, sent, events, offer } = setUp();
  const nowhere = ["224.0.0.1", "255.255.255.255", "0.0.0.0", "127.0.0.1", "::1", "no address"];
  offer(1, nowhere);
  for (let i = 0; i < 200; i++) {
    await settle();
    clock.advance(100);
  }
  assert.deepEqual(sent, []);
  assert.deepEqual(events, ["unreachable"]);
  offer(2, ["127.0.0.1"], true);
  await settle();
  assert.deepEqual(sent, ["127.0.0.1:41820 2"]);
  relay.close();
});

Deno.test("UdpRelay does nothing more once it is closed, though a name is still looked up", async () => {
  const { clock, relay, sent, offer } = setUp();
  offer(1, ["192.0.2.1"]);
  offer(2, ["192.0.2.1"]);
  relay.close();
  await settle();
  assert.deepEqual(sent, []);
  assert.equal(clock.nextTimerMs(), Infinity);
});
