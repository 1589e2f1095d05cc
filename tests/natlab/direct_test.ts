import assert from "node:assert/strict";
import { EnginePeer } from "./engine_peer.ts";
import type { Host } from "./host.ts";
import { canBeDirect, KINDS } from "./kinds.ts";
import { Lab } from "./lab.ts";
import { Traffic } from "./traffic.ts";

const STARTS: [agentMs: number, clientMs: number][] = [[0, 0], [0, 500], [500, 0]];

function peers(lab: Lab, hosts: [Host, Host]): [EnginePeer, EnginePeer] {
  const { clock, rng, stunServers } = lab;
  const make = (host: Host, role: "agent" | "client") =>
    new EnginePeer({ host, clock, rng, role, peer: "ours", stunServers });
  const pair: [EnginePeer, EnginePeer] = [make(hosts[0], "agent"), make(hosts[1], "client")];
  lab.join(...pair);
  return pair;
}

Deno.test("two of ours go direct behind every pair of NATs that allows it (wire 54)", () => {
  for (const [agentMs, clientMs] of STARTS) {
    for (const a of KINDS) {
      for (const b of KINDS) {
        const lab = new Lab({ seed: 1 });
        const [agent, client] = peers(lab, [lab.host(lab.site(a)), lab.host(lab.site(b))]);
        lab.clock.setTimer(() => agent.start(), agentMs);
        lab.clock.setTimer(() => client.start(), clientMs);
        const traffic = new Traffic(lab, [agent, client]);
        lab.runUntil(60_000);
        const name = `${a} and ${b}, started at ${agentMs} and ${clientMs} ms`;
        const expected = canBeDirect(a, b);
        assert.deepEqual([agent.isDirect, client.isDirect], [expected, expected], name);
        assert.deepEqual(traffic.lost(), [], name);
      }
    }
  }
});
