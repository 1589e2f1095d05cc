/**
 * Two tunnels on a network in memory, for tests of their paths.
 *
 * @module
 */

import assert from "node:assert/strict";
import { ManualClock } from "../clock/mod.ts";
import type { PathKind } from "../path/mod.ts";
import { FakeUdpHub, FakeUdpNet } from "../path/testing/mod.ts";
import { type ByteStream, connStream } from "../stream/mod.ts";
import { type Relay, settle, tunnelPair } from "./_pair.ts";
import type { ReferencePeer } from "./_reference_peer.ts";
import type { Tunnel } from "./tunnel.ts";

/** The hub's UDP port. */
export const HUB = { hostname: "192.0.2.1", port: 41820 };
/** Where it is offered. */
export const OFFER = { host: HUB.hostname, port: HUB.port };
/** The tokens of agent and client. */
export const TOKENS = ["00112233445566aa", "00112233445566bb"] as const;

/** A network with a hub on it, on a clock that the test moves; `open` machines find each other. */
export function world({ open = false }: { open?: boolean } = {}) {
  const clock = new ManualClock();
  const net = new FakeUdpNet();
  const hub = new FakeUdpHub(net, HUB);
  hub.pair(...TOKENS);
  const machines = ["198.51.100.1", "203.0.113.1"].map((host) => net.machine(host, { open }));
  const pass = async (ms: number) => {
    for (let passed = 0; passed < ms; passed += 50) {
      clock.advance(50);
      await settle();
    }
  };
  const toWebSocket = (relay: Relay) => {
    hub.onWebSocket = (token, frame) =>
      relay.sendFrame(TOKENS.findIndex((known) => known === token), frame);
  };
  return { clock, net, hub, machines, pass, toWebSocket };
}

/** Two of our own, whose hub has offered UDP and relays by it. */
export async function ourPair(options: { open?: boolean; paths?: readonly PathKind[] } = {}) {
  const common = world(options);
  const { clock, machines, pass, toWebSocket } = common;
  const pair = tunnelPair({
    clock,
    udp: [machines[0]!, machines[1]!],
    paths: options.paths,
    ours: true,
    wait: true,
    mtu: [16_000, 16_000],
  });
  toWebSocket(pair.relay);
  await pass(500);
  pair.relay.offer(TOKENS, OFFER);
  await pass(500);
  const end = () => {
    pair.agent.close();
    pair.client.close();
    return Promise.all([pair.agent.closed, pair.client.closed]);
  };
  return { ...common, pair, end };
}

/** The paths of a tunnel and their states, in order of their names. */
export function states(tunnel: Tunnel): string[] {
  return tunnel.status().paths.map(({ kind, state }) => `${kind} ${state}`).toSorted();
}

/** Opens a connection from client to agent; the agent's end first. */
export async function open(
  agent: Tunnel | ReferencePeer["netstack"],
  client: Tunnel,
  pass?: (ms: number) => Promise<void>,
): Promise<[ByteStream, ByteStream]> {
  const listener = agent.listen({ port: 80 });
  const opening = Promise.all([listener.accept(), client.connect({ port: 80 })]);
  let isOpen = false;
  opening.then(() => isOpen = true);
  while (pass !== undefined && !isOpen) await pass(50);
  const conns = await opening;
  listener.close();
  return conns.map(connStream) as [ByteStream, ByteStream];
}

/** Sends `total` bytes through, whatever time it takes; fails when they are not the same. */
export async function carry(
  [from, to]: readonly [ByteStream, ByteStream],
  { total, pass }: { total: number; pass: (ms: number) => Promise<void> },
): Promise<void> {
  const sent = new Uint8Array(total);
  for (let i = 0; i < total; i++) sent[i] = i * 31 >>> 7;
  const writing = from.write(sent);
  let at = 0;
  const reading = (async () => {
    while (at < total) {
      const chunk = (await to.read())!;
      assert.ok(chunk.every((byte, i) => byte === sent[at + i]), `from ${at}`);
      at += chunk.length;
    }
  })();
  for (let steps = 0; at < total; steps++) {
    assert.ok(steps < 1000, `stuck at ${at}`);
    await pass(50);
  }
  await Promise.all([writing, reading]);
}
