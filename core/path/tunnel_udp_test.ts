import assert from "node:assert/strict";
import { PacketPool } from "../bytes/mod.ts";
import { ManualClock, systemRandom } from "../clock/mod.ts";
import type { PeerCandidates, PeerEndpoint } from "../control/mod.ts";
import { makeEndpoint } from "../endpoint/mod.ts";
import { answerBindingRequest } from "../stun/mod.ts";
import { FakeUdpHub, FakeUdpNet } from "./testing/mod.ts";
import { TunnelUdp } from "./tunnel_udp.ts";

const TOKEN = "00112233445566aa";

Deno.test("TunnelUdp asks the STUN servers it is given by name, and does without those that have no address", async () => {
  const clock = new ManualClock();
  const net = new FakeUdpNet();
  new FakeUdpHub(net, { hostname: "192.0.2.1", port: 41820 }).pair(TOKEN, "00112233445566bb");
  const stun = net.bind({
    hostname: "192.0.2.9",
    port: 3478,
    handler: {
      datagram: (bytes, end, from) => {
        const source = makeEndpoint("198.51.100.77", 5555)!;
        const answer = answerBindingRequest(bytes.subarray(0, end), source);
        if (typeof answer !== "string") stun.send(answer, from);
      },
      batchEnd: () => {},
      failed: () => {},
    },
  });
  const announced: (PeerCandidates | PeerEndpoint)[] = [];
  const udp = new TunnelUdp({
    role: "client",
    isDirectWanted: true,
    stunServers: [{ host: "nowhere.example", port: 1 }, { host: "stun.example", port: 3478 }],
    system: {
      ...net.machine("203.0.113.1", { open: true }),
      lookup: (host) =>
        Promise.resolve(
          host === "nowhere.example" ? [] : [host.replace("stun.example", "192.0.2.9")],
        ),
    },
    pool: new PacketPool({ maxPacketBytes: 1100 }),
    clock,
    random: systemRandom,
    handler: {
      datagram: () => false,
      batchEnd: () => {},
      reached: () => {},
      lost: () => {},
      networkChanged: () => {},
      probe: () => {},
      congestion: () => {},
      refused: () => {},
      announce: (message) => void announced.push(message),
    },
  });
  udp.peerIsOurs();
  udp.offer({
    offer: { type: "udp-offer", token: TOKEN, port: 41820 },
    hosts: ["192.0.2.1"],
    allowLoopback: false,
  });
  for (let step = 0; step < 40; step++) {
    await new Promise((resolve) => setImmediate(resolve));
    clock.advance(50);
  }
  assert.ok(JSON.stringify(announced).includes("198.51.100.77:5555"), JSON.stringify(announced));
  udp.close();
  stun.close();
  assert.equal(clock.nextTimerMs(), Infinity);
});
