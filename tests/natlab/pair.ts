import { EnginePeer } from "./engine_peer.ts";
import type { Host } from "./host.ts";
import type { Lab } from "./lab.ts";

/** An agent and a client of ours on two hosts, joined through the hub and not started. */
export function enginePair(lab: Lab, hosts: readonly [Host, Host]): [EnginePeer, EnginePeer] {
  const { clock, rng, stunServers } = lab;
  const make = (host: Host, role: "agent" | "client") =>
    new EnginePeer({ host, clock, rng, role, peer: "ours", stunServers });
  const pair: [EnginePeer, EnginePeer] = [make(hosts[0], "agent"), make(hosts[1], "client")];
  lab.join(...pair);
  return pair;
}
