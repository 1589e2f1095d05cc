import assert from "node:assert/strict";
import { ManualClock, systemRandom } from "../clock/mod.ts";
import { generatePrivateKey, publicKey } from "../wireguard/mod.ts";
import { Relay, settle, tunnelPair } from "./_pair.ts";
import { ReferencePeer } from "./_reference_peer.ts";
import { carry, HUB, OFFER, open, ourPair, states, TOKENS, world } from "./_udp_pair.ts";
import { Tunnel } from "./tunnel.ts";

/** A client of ours towards an agent of the reference, to both of which UDP has been offered. */
async function referencePair() {
  const common = world();
  const { clock, machines, pass, toWebSocket } = common;
  const keys = [generatePrivateKey(systemRandom), generatePrivateKey(systemRandom)] as const;
  const relay = new Relay(clock);
  const agent = new ReferencePeer({
    socket: relay.socket(),
    system: machines[0]!,
    clock,
    privateKey: keys[0],
    peerPublicKey: publicKey(keys[1]),
  });
  const events: string[] = [];
  const client = new Tunnel({
    role: "client",
    sessionIdx: 7,
    privateKey: keys[1],
    peerPublicKey: publicKey(keys[0]),
    mtuBytes: 16_000,
    clock,
    random: systemRandom,
    udp: machines[1],
    handler: {
      path: (event) => event.type !== "path-changed" && events.push(`${event.type} ${event.path}`),
      waiting: (reason) => client.end(reason),
    },
  });
  client.attach(relay.socket());
  relay.run();
  toWebSocket(relay);
  await pass(500);
  relay.offer(TOKENS, OFFER);
  await pass(500);
  const end = () => {
    client.close();
    agent.close();
    return client.closed;
  };
  return { ...common, relay, agent, client, events, end };
}

Deno.test("Tunnel finds UDP through the hub and carries data by it (wire 50, 54)", async () => {
  const { pair, pass, end } = await ourPair();
  assert.deepEqual(states(pair.client), ["udp-relay up", "websocket up"]);
  const streams = await open(pair.agent, pair.client);
  pair.client.usePath("udp-relay");
  await carry([streams[1], streams[0]], { total: 300_000, pass });
  const [path] = pair.client.status().paths;
  assert.equal(path?.kind, "udp-relay");
  assert.equal(path?.remote, "192.0.2.1:41820");
  assert.ok(path!.sentBytes > 300_000);
  assert.equal(pair.client.status().note, undefined);
  await end();
});

Deno.test("Tunnel stays on the WebSocket when the hub does not answer by UDP (wire 50, client 51)", async () => {
  const { pair, hub, net, pass, end } = await ourPair();
  hub.isReady = false;
  const before = net.sent;
  pair.relay.offer([TOKENS[1], TOKENS[0]], OFFER);
  await pass(3_000);
  assert.ok(net.sent > before);
  assert.equal(pair.client.status().path, "websocket");
  assert.match(pair.client.status().note!, /the hub does not answer/);
  await end();
});

Deno.test("Tunnel says once that UDP may not be used, and goes on without", async () => {
  const clock = new ManualClock();
  const refused = {
    bind: () => {
      throw new Deno.errors.NotCapable("Requires net access");
    },
    lookup: () => Promise.resolve([]),
    interfaces: () => [],
  };
  const pair = tunnelPair({ clock, udp: [refused, refused], ours: true });
  await settle();
  pair.relay.offer(TOKENS, OFFER);
  await settle();
  assert.equal(pair.client.status().note, "no UDP: Requires net access");
  assert.equal(pair.client.status().state, "up");
  pair.client.close();
  await pair.agent.closed;
});

Deno.test("Tunnel leaves UDP when the system refuses to send, losing nothing (wire 55)", async () => {
  const { pair, net, pass, end } = await ourPair();
  const streams = await open(pair.agent, pair.client);
  pair.client.usePath("udp-relay");
  net.refuses = true;
  await carry([streams[1], streams[0]], { total: 100_000, pass });
  assert.equal(pair.client.status().path, "websocket");
  assert.deepEqual(states(pair.client), ["udp-relay down", "websocket up"]);
  net.refuses = false;
  await pass(3_000);
  assert.deepEqual(states(pair.client), ["udp-relay up", "websocket up"]);
  await end();
});

Deno.test("Tunnel leaves UDP within 10 s when it goes dark, idle or busy (wire 55)", async () => {
  for (const isBusy of [false, true]) {
    const { pair, net, pass, end, clock } = await ourPair();
    const streams = await open(pair.agent, pair.client);
    pair.client.usePath("udp-relay");
    pair.agent.usePath("udp-relay");
    await pass(2_000);
    net.filter = () => false;
    const startMs = clock.nowMs();
    if (isBusy) await carry([streams[1], streams[0]], { total: 100_000, pass });
    else while (pair.client.status().path !== "websocket") await pass(50);
    assert.equal(pair.client.status().path, "websocket");
    assert.ok(clock.nowMs() - startMs < 10_000, `${clock.nowMs() - startMs} ms`);
    await pass(startMs + 10_000 - clock.nowMs());
    assert.deepEqual(states(pair.agent), ["udp-relay down", "websocket up"]);
    // Open again, it is found again.
    net.filter = undefined;
    await pass(3_000);
    assert.deepEqual(states(pair.client), ["udp-relay up", "websocket up"]);
    await end();
  }
});

Deno.test("Tunnel notices within 10 s that the peer behind the hub is dead (client 49)", async () => {
  const { pair, clock, pass, end } = await ourPair();
  await pass(5_000);
  const startMs = clock.nowMs();
  pair.events.length = 0;
  pair.relay.mute = true;
  while (!pair.events.some((event) => event.includes("waits"))) await pass(50);
  assert.ok(clock.nowMs() - startMs <= 10_000, `${clock.nowMs() - startMs} ms`);
  assert.ok(pair.events[0]?.endsWith("waits: the peer does not answer"), `${pair.events}`);
  await end();
});

Deno.test("Tunnel sends an idle path at most one small packet each way every 4 s", async () => {
  const { pair, net, pass, end } = await ourPair();
  await pass(8_000);
  const [frames, datagrams] = [pair.relay.frames.length, net.sent];
  await pass(60_000);
  // Question and answer, 15 times, by each path; each datagram is sent twice: to the hub, from it.
  const sentWs = pair.relay.frames.length - frames;
  const sentUdp = (net.sent - datagrams) / 2;
  assert.ok(sentUdp <= 32 && sentUdp >= 24, `${sentUdp} datagrams`);
  // The keepalives of a session come on top: requests and answers each 30 s, WireGuard's each 25 s.
  assert.ok(sentWs <= 32 + 8 + 6, `${sentWs} frames`);
  await end();
});

Deno.test("Tunnel finds larger packets by UDP between our own peers, and no hole in the path", async () => {
  const { pair, net, pass, end } = await ourPair();
  const mtuOf = () => pair.client.status().paths.find(({ kind }) => kind === "udp-relay")?.mtuBytes;
  await pass(1_000);
  assert.equal(mtuOf(), 1420);
  const streams = await open(pair.agent, pair.client);
  pair.client.usePath("udp-relay");
  pair.agent.usePath("udp-relay");
  net.maxBytes = 1300;
  await carry([streams[1], streams[0]], { total: 200_000, pass });
  assert.equal(mtuOf(), 1100);
  await end();
});

Deno.test("Tunnel loses no byte when the path is changed again and again", async () => {
  const { pair, pass, end } = await ourPair();
  const streams = await open(pair.agent, pair.client);
  let changes = 0;
  const change = async (ms: number) => {
    await pass(ms);
    const kind = ++changes % 2 ? "udp-relay" : "websocket";
    pair.client.usePath(kind);
    pair.agent.usePath(kind);
  };
  while (changes < 40) {
    await Promise.all([
      carry([streams[1], streams[0]], { total: 300_000, pass: change }),
      carry([streams[0], streams[1]], { total: 300_000, pass }),
    ]);
  }
  await end();
});

Deno.test("Tunnel finds UDP towards a reference peer by pings (wire 54)", async () => {
  const { agent, client, events, end } = await referencePair();
  assert.equal(agent.usesUdp, true);
  assert.deepEqual(states(client), ["udp-relay up", "websocket up"]);
  assert.deepEqual(events, ["path-up websocket", "path-up udp-relay"]);
  await end();
});

Deno.test("Tunnel sends a reference peer no more than 1,100 bytes by UDP (wire 58)", async () => {
  const { agent, client, net, pass, end } = await referencePair();
  let largest = 0;
  net.filter = ({ bytes }) => (largest = Math.max(largest, bytes.length)) > 0;
  client.usePath("udp-relay");
  const streams = await open(agent.netstack, client);
  await carry([streams[1], streams[0]], { total: 200_000, pass });
  assert.equal(largest, 8 + 7 + 32 + 1100);
  await end();
});

Deno.test("Tunnel leaves UDP by which a reference peer is not heard any more (wire 55)", async () => {
  const { agent, client, net, pass, clock, end } = await referencePair();
  const streams = await open(agent.netstack, client);
  client.usePath("udp-relay");
  await pass(1_000);
  net.filter = ({ from }) => from.hostname === "203.0.113.1";
  const startMs = clock.nowMs();
  while (client.status().path !== "websocket") await pass(50);
  assert.ok(clock.nowMs() - startMs <= 10_000, `${clock.nowMs() - startMs} ms`);
  assert.ok(streams.length === 2);
  await end();
});

Deno.test("Tunnel finds the direct path, and falls back from it without a reset (wire 56, 57)", async () => {
  const { pair, net, pass, clock, end } = await ourPair({ open: true });
  await pass(1_000);
  assert.deepEqual(states(pair.client), ["direct up", "udp-relay up", "websocket up"]);
  const direct = pair.client.status().paths.find(({ kind }) => kind === "direct");
  assert.match(direct!.remote, /^198\.51\.100\.1:/);
  const streams = await open(pair.agent, pair.client);
  pair.client.usePath("direct");
  pair.agent.usePath("direct");
  await carry([streams[1], streams[0]], { total: 300_000, pass });
  assert.equal(pair.client.status().path, "direct");
  // Only the way between the two goes dark; the hub stays in reach of both.
  net.filter = ({ from, to }) => from.hostname === HUB.hostname || to.hostname === HUB.hostname;
  const startMs = clock.nowMs();
  await carry([streams[1], streams[0]], { total: 300_000, pass });
  assert.ok(clock.nowMs() - startMs < 10_000, `${clock.nowMs() - startMs} ms`);
  assert.notEqual(pair.client.status().path, "direct");
  await end();
});

Deno.test("Tunnel keeps its streams on the direct path while the hub is gone", async () => {
  const { pair, pass, end } = await ourPair({ open: true });
  await pass(1_000);
  const streams = await open(pair.agent, pair.client);
  pair.client.usePath("direct");
  pair.agent.usePath("direct");
  pair.events.length = 0;
  pair.relay.cut();
  await pass(100);
  assert.equal(pair.events.filter((event) => event.includes("waits")).length, 2);
  assert.deepEqual([pair.client.state, pair.agent.state], ["up", "up"]);
  await carry([streams[1], streams[0]], { total: 300_000, pass });
  assert.equal(pair.client.status().path, "direct");
  pair.join();
  await pass(1_000);
  assert.ok(states(pair.client).includes("websocket up"));
  await carry([streams[0], streams[1]], { total: 300_000, pass });
  await end();
});

Deno.test("Tunnel finds out within 15 s that UDP carries more than a slow WebSocket", async () => {
  const { pair, net, clock, pass, end } = await ourPair();
  net.clock = clock;
  net.delayMs = 12.5;
  let count = 0;
  net.filter = () => ++count % 100 !== 0;
  // What TCP with 1 % of loss and a round trip of 50 ms comes to: some 3 Mbit/s.
  pair.relay.holdMs = 170;
  const streams = await open(pair.agent, pair.client, pass);
  const startMs = clock.nowMs();
  let sentBytes = 0;
  let receivedBytes = 0;
  let isOver = false;
  const sending = (async () => {
    while (!isOver) {
      sentBytes += await streams[1].write(new Uint8Array(100_000)).then(() => 100_000);
    }
    await streams[1].closeWrite();
  })();
  const receiving = (async () => {
    for (let chunk = await streams[0].read(); chunk; chunk = await streams[0].read()) {
      receivedBytes += chunk.length;
    }
  })();
  // Tried is not chosen: it must be what a trial has left in use, the first or a later one.
  for (let usedMs = 0; usedMs < 2_000;) {
    await pass(50);
    usedMs = pair.client.status().path === "udp-relay" ? usedMs + 50 : 0;
    assert.ok(clock.nowMs() - startMs <= 15_000, "UDP was not found out");
  }
  isOver = true;
  pair.relay.holdMs = 0;
  while (receivedBytes < sentBytes || !isOver) await pass(50);
  await Promise.all([sending, receiving]);
  assert.equal(receivedBytes, sentBytes);
  await end();
});

Deno.test("Tunnel asks every path at once when the machine's addresses change", async () => {
  const { pair, net, pass, end } = await ourPair({ open: true });
  await pass(4_400);
  const heardMs = () => pair.client.status().paths.map(({ heardAgoMs }) => heardAgoMs!);
  assert.ok(Math.max(...heardMs()) > 500, `${heardMs()}`);
  net.moreAddresses = [{ address: "192.0.2.77" }];
  await pass(700);
  assert.ok(Math.max(...heardMs()) <= 700, `${heardMs()}`);
  await end();
});
