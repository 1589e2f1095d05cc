/**
 * A simulated Internet under virtual time: networks, hosts, NATs of every kind, a hub with STUN, and
 * peers that look for a direct path. A seed decides all.
 *
 * @example
 * ```ts
 * import { EnginePeer, Lab } from "./mod.ts";
 *
 * const lab = new Lab({ seed: 1 });
 * const { clock, rng, stunServers } = lab;
 * const make = (role: "agent" | "client", host = lab.host(lab.site("port restricted"))) =>
 *   new EnginePeer({ host, clock, rng, role, peer: "ours", stunServers });
 * const [agent, client] = [make("agent"), make("client")];
 * lab.join(agent, client);
 * agent.start();
 * client.start();
 * lab.runUntil(5_000);
 * console.log(agent.isDirect, client.isDirect); // true true
 * ```
 *
 * @module
 */

export { EnginePeer, type EnginePeerOptions } from "./engine_peer.ts";
export { Firewall, type FirewallOptions } from "./firewall.ts";
export { type Attachment, Host, type OnDatagram, type Socket } from "./host.ts";
export { canBeDirect, type Kind, KINDS, NATS } from "./kinds.ts";
export { Lab, type LabOptions, type Site } from "./lab.ts";
export { type Dependence, Nat, type NatBehaviour, type NatOptions } from "./nat.ts";
export { type Datagram, Network, type NetworkOptions, type Station } from "./network.ts";
export type { LabPeer, Mailbox } from "./peer.ts";
export { ReferencePeer, type ReferencePeerOptions } from "./reference_peer.ts";
export { type Lost, Traffic } from "./traffic.ts";
