import assert from "node:assert/strict";
import { EnginePeer } from "./engine_peer.ts";
import { Lab, type Site } from "./lab.ts";
import { enginePair } from "./pair.ts";
import { ReferencePeer } from "./reference_peer.ts";
import { Traffic } from "./traffic.ts";

/** When the fault happens in each test, by when it must have been survived. */
const FAULT_MS = 100_000;
const LEFT_MS = FAULT_MS + 10_000;

function started(lab: Lab, sites: readonly [Site, Site]): [EnginePeer, EnginePeer] {
  const pair = enginePair(lab, [lab.host(sites[0]), lab.host(sites[1])]);
  for (const peer of pair) peer.start();
  return pair;
}

Deno.test("a path through NATs that forget after 30 s is held while idle", () => {
  const lab = new Lab({ seed: 1 });
  const pair = started(lab, [lab.site("port restricted"), lab.site("symmetric")]);
  const open = started(lab, [lab.site("port restricted"), lab.site("restricted")]);
  lab.runUntil(FAULT_MS);
  assert.deepEqual(pair.map((peer) => peer.isDirect), [false, false]);
  const traffic = new Traffic(lab, open);
  lab.runUntil(LEFT_MS);
  assert.deepEqual(open.map((peer) => peer.events.length), [1, 1], "up, and nothing else");
  assert.deepEqual(traffic.lost(), []);
});

Deno.test("a NAT that forgets its mappings is survived, whichever end is behind it", () => {
  // An end that filters by port does not hear the other from its new one: silence must tell.
  for (const [kind, leftMs] of [["restricted", 3_000], ["port restricted", 10_000]] as const) {
    for (const which of [0, 1] as const) {
      const lab = new Lab({ seed: 1 });
      const sites = [lab.site(kind), lab.site(kind)] as const;
      const pair = started(lab, sites);
      const traffic = new Traffic(lab, pair);
      lab.clock.setTimer(() => sites[which].nats[0]!.rebind(), FAULT_MS);
      lab.runUntil(2 * FAULT_MS);
      const name = `${kind} ${which}: ${pair.map(({ events }) => events.join(", ")).join(" | ")}`;
      assert.deepEqual(pair.map((peer) => peer.isDirect), [true, true], name);
      const lost = traffic.lost();
      assert.ok(lost.length > 0 && lost.every(({ atMs }) => atMs < FAULT_MS + leftMs), name);
    }
  }
});

Deno.test("UDP that is blocked midway is left within 10 s and found again", () => {
  const lab = new Lab({ seed: 1 });
  const sites = [lab.site("port restricted"), lab.site("full cone")] as const;
  const pair = started(lab, sites);
  const traffic = new Traffic(lab, pair);
  const nat = sites[0].nats[0]!;
  const { behaviour } = nat;
  lab.clock.setTimer(() => void (nat.behaviour = { ...behaviour, blocked: true }), FAULT_MS);
  lab.runUntil(LEFT_MS);
  assert.deepEqual(pair.map((peer) => peer.isDirect), [false, false]);
  lab.runUntil(2 * FAULT_MS);
  const lost = traffic.lost();
  assert.ok(lost.length > 0 && lost.every(({ atMs }) => atMs < LEFT_MS), "left late");
  nat.behaviour = behaviour;
  lab.runUntil(2 * FAULT_MS + 150_000);
  assert.deepEqual(pair.map((peer) => peer.isDirect), [true, true]);
});

Deno.test("a client that moves to another network is direct again within 3 s", () => {
  const lab = new Lab({ seed: 1 });
  const sites = [lab.site("restricted"), lab.site("port restricted")] as const;
  const [agent, client] = enginePair(lab, [lab.host(sites[0]), lab.host(sites[1])]);
  agent.start();
  client.start();
  const hotel = lab.site("port restricted");
  const address = `${hotel.prefix}.77`;
  const traffic = new Traffic(lab, [agent, client]);
  lab.clock.setTimer(() => {
    client.host.move({ address, network: hotel.network });
    client.readAddresses();
  }, FAULT_MS);
  lab.runUntil(FAULT_MS + 3_000);
  const host = hotel.nats[0]!.address;
  assert.equal(agent.engine.remote?.host, host);
  assert.equal(client.isDirect, true);
  lab.runUntil(2 * FAULT_MS);
  const lost = traffic.lost();
  assert.ok(lost.length > 0 && lost.every(({ atMs }) => atMs < FAULT_MS + 3_000));
});

// Behind a NAT that filters by port it cannot be: it neither punches again nor leaves the dead path.
Deno.test("a reference peer is found again after our NAT forgot its mappings", () => {
  const lab = new Lab({ seed: 1 });
  const { clock, rng, stunServers } = lab;
  const site = lab.site("port restricted");
  const us = new EnginePeer({
    host: lab.host(site),
    clock,
    rng,
    role: "client",
    peer: "reference",
    stunServers,
  });
  const host = lab.host(lab.site("restricted"));
  const them = new ReferencePeer({ host, clock, rng, stunServer: stunServers[0]! });
  lab.join(us, them);
  us.start();
  them.start();
  const traffic = new Traffic(lab, [us, them]);
  lab.clock.setTimer(() => site.nats[0]!.rebind(), FAULT_MS);
  lab.runUntil(2 * FAULT_MS);
  assert.deepEqual([us.isDirect, them.isDirect], [true, true], us.events.join(", "));
  const lost = traffic.lost();
  assert.ok(lost.length > 0 && lost.every(({ atMs }) => atMs < LEFT_MS), us.events.join(", "));
});
