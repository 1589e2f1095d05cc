import assert from "node:assert/strict";
import { carry, open, ourPair, states } from "./_udp_pair.ts";

Deno.test("Tunnel sends by no path but those that it is told to", async () => {
  const { pair, pass, end } = await ourPair({ paths: ["udp-relay"] });
  assert.deepEqual(states(pair.client), ["udp-relay up", "websocket up"]);
  pair.client.usePath("websocket");
  const frames = pair.relay.frames.length;
  const streams = await open(pair.agent, pair.client);
  await carry([streams[1], streams[0]], { total: 300_000, pass });
  assert.equal(pair.client.status().path, "udp-relay");
  // Questions alone go by the WebSocket.
  assert.ok(pair.relay.frames.slice(frames).every(({ length }) => length < 200));
  await end();
});

Deno.test("Tunnel takes no part in UDP when it may send by the WebSocket alone", async () => {
  const { pair, net, end } = await ourPair({ paths: ["websocket"], open: true });
  assert.deepEqual(states(pair.client), ["websocket up"]);
  assert.equal(net.sent, 0);
  await end();
});

Deno.test("Tunnel looks for no direct path when it may not send by one", async () => {
  const { pair, pass, end } = await ourPair({ paths: ["websocket", "udp-relay"], open: true });
  await pass(10_000);
  assert.deepEqual(states(pair.client), ["udp-relay up", "websocket up"]);
  assert.deepEqual(states(pair.agent), ["udp-relay up", "websocket up"]);
  await end();
});
