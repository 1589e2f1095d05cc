import assert from "node:assert/strict";
import { Host } from "./host.ts";
import { canBeDirect, KINDS } from "./kinds.ts";
import { Lab } from "./lab.ts";
import type { NatBehaviour } from "./nat.ts";
import { enginePair } from "./pair.ts";
import { Traffic } from "./traffic.ts";

const STARTS: [agentMs: number, clientMs: number][] = [[0, 0], [0, 500], [500, 0], [0, 30_000]];

Deno.test("two of ours go direct behind every pair of NATs that allows it (wire 54)", () => {
  for (const [agentMs, clientMs] of STARTS) {
    for (const a of KINDS) {
      for (const b of KINDS) {
        const lab = new Lab({ seed: 1 });
        const [agent, client] = enginePair(lab, [lab.host(lab.site(a)), lab.host(lab.site(b))]);
        lab.clock.setTimer(() => agent.start(), agentMs);
        lab.clock.setTimer(() => client.start(), clientMs);
        const traffic = new Traffic(lab, [agent, client]);
        lab.runUntil(Math.max(agentMs, clientMs) + 20_000);
        const name = `${a} and ${b}, started at ${agentMs} and ${clientMs} ms`;
        const expected = canBeDirect(a, b);
        assert.deepEqual([agent.isDirect, client.isDirect], [expected, expected], name);
        assert.deepEqual(traffic.lost(), [], name);
      }
    }
  }
});

Deno.test("two of ours go direct despite jitter and loss", () => {
  for (const seed of [1, 2, 3]) {
    for (const a of KINDS) {
      for (const b of KINDS) {
        const lab = new Lab({ seed, jitterMs: 15, loss: 0.1 });
        const pair = enginePair(lab, [lab.host(lab.site(a)), lab.host(lab.site(b))]);
        for (const peer of pair) peer.start();
        lab.runUntil(20_000);
        const expected = canBeDirect(a, b);
        const isDirect = pair.map((peer) => peer.isDirect);
        assert.deepEqual(isDirect, [expected, expected], `seed ${seed}, ${a} and ${b}`);
      }
    }
  }
});

Deno.test("two of ours on one LAN use their addresses there", () => {
  for (const kind of KINDS) {
    const lab = new Lab({ seed: 1 });
    const site = lab.site(kind);
    const pair = enginePair(lab, [lab.host(site), lab.host(site)]);
    for (const peer of pair) peer.start();
    lab.runUntil(5_000);
    for (const peer of pair) assert.equal(peer.engine.remote?.host.startsWith(site.prefix), true);
  }
});

Deno.test("two of ours behind one provider's NAT need its hairpin", () => {
  const inner: NatBehaviour = { mapping: "nothing", filtering: "address-and-port" };
  for (const hairpin of [true, false]) {
    const lab = new Lab({ seed: 1 });
    const provider = lab.site([{ ...inner, hairpin }]);
    const homes = ["10.1.0", "10.2.0"].map((prefix) =>
      lab.behind(provider, { behaviour: inner, prefix })
    );
    const pair = enginePair(lab, [lab.host(homes[0]!), lab.host(homes[1]!)]);
    for (const peer of pair) peer.start();
    const traffic = new Traffic(lab, pair);
    lab.runUntil(20_000);
    assert.deepEqual(pair.map((peer) => peer.isDirect), [hairpin, hairpin]);
    assert.deepEqual(traffic.lost(), []);
  }
});

Deno.test("two of ours take IPv6 through both firewalls where IPv4 leads nowhere", () => {
  const lab = new Lab({ seed: 1 });
  const hosts = [lab.host(lab.site("symmetric")), lab.host(lab.site("blocked"))] as const;
  for (const host of hosts) lab.addIpv6(host);
  const pair = enginePair(lab, hosts);
  for (const peer of pair) peer.start();
  const traffic = new Traffic(lab, pair);
  lab.runUntil(20_000);
  assert.deepEqual(pair.map((peer) => peer.engine.remote?.address.length), [16, 16]);
  assert.deepEqual(traffic.lost(), []);
});

Deno.test("the same private address at both ends does not mislead", () => {
  const lab = new Lab({ seed: 1 });
  const behaviour: NatBehaviour = { mapping: "nothing", filtering: "address-and-port" };
  const home = () => lab.behind(lab.site("none"), { behaviour, prefix: "10.0.0" });
  const host = () => new Host({ address: "10.0.0.2", network: home().network });
  const pair = enginePair(lab, [host(), host()]);
  for (const peer of pair) peer.start();
  lab.runUntil(5_000);
  assert.deepEqual(pair.map((peer) => peer.isDirect), [true, true]);
});

Deno.test("an attempt costs a bounded number of datagrams", () => {
  const lab = new Lab({ seed: 1 });
  const hosts = [lab.host(lab.site("symmetric")), lab.host(lab.site("symmetric"))] as const;
  const pair = enginePair(lab, hosts);
  for (const peer of pair) peer.start();
  lab.runUntil(600_000);
  for (const peer of pair) {
    // Attempts after 0, 20, 56, 122, 248 and 494 s, each 2 candidates of the peer and 2 servers.
    assert.ok(peer.sentDatagrams < 2 * 7 * 2 * 12, `${peer.sentDatagrams} datagrams in 10 min`);
  }
});
