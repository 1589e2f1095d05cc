import assert from "node:assert/strict";
import { WaitingPeers } from "./waiting_peers.ts";

Deno.test("WaitingPeers counts connections of an address until they leave, and keeps none then", () => {
  const peers = new WaitingPeers({ max: 2 });
  const [first, second] = [peers.enter("192.0.2.7"), peers.enter("192.0.2.7")];
  assert.equal(peers.enter("192.0.2.7"), undefined);
  assert.notEqual(peers.enter("192.0.2.8"), undefined, "others are not affected");
  first!();
  first!();
  const third = peers.enter("192.0.2.7");
  assert.notEqual(third, undefined);
  assert.equal(peers.enter("192.0.2.7"), undefined, "leaving twice frees one place");
  for (const leave of [second, third]) leave!();
  assert.equal(peers.size, 1);
});

Deno.test("WaitingPeers does not count proxies on this machine", () => {
  const peers = new WaitingPeers({ max: 1 });
  for (let i = 0; i < 5; i++) assert.notEqual(peers.enter("127.0.0.1"), undefined);
  assert.equal(peers.size, 0);
});
