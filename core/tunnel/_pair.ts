/**
 * Two tunnels and hubs between them, for the tests of this folder.
 *
 * @module
 */

import assert from "node:assert/strict";
import { type Clock, sleep, systemClock, systemRandom } from "../clock/mod.ts";
import { HubSocket, type PathKind, type UdpSystem } from "../path/mod.ts";
import { forwardRelayFrame } from "../relay/mod.ts";
import { streamPair } from "../stream/mod.ts";
import { WebSocketConnection } from "../websocket/mod.ts";
import { generatePrivateKey, publicKey } from "../wireguard/mod.ts";
import type { TunnelHandler } from "./options.ts";
import { Tunnel } from "./tunnel.ts";

/** A hub between two sockets, which keeps a copy of what it relays. */
export class Relay {
  readonly frames: Uint8Array[] = [];
  readonly clock: Clock;
  /** Whether binary messages get lost, as behind a hub whose other side is dead. */
  mute = false;
  /** After each batch of messages nothing more is read for so long, in ms: a slow connection. */
  holdMs = 0;
  readonly #ends: WebSocketConnection[] = [];

  constructor(clock: Clock) {
    this.clock = clock;
  }

  /** A socket to this hub; the first two are relayed to each other. */
  socket(): HubSocket {
    const [near, far] = streamPair();
    const common = { clock: this.clock, random: systemRandom };
    this.#ends.push(new WebSocketConnection({ stream: far, role: "server", ...common }));
    return new HubSocket(
      new WebSocketConnection({ stream: near, role: "client", ...common }),
      this.clock,
    );
  }

  run(): void {
    const [a, b] = this.#ends as [WebSocketConnection, WebSocketConnection];
    for (const [from, to] of [[a, b], [b, a]] as const) {
      from.run({
        text: (text) => text.includes("keepalive") || to.sendText(text),
        binary: (bytes, start, end) => {
          assert.equal(forwardRelayFrame(bytes, start, end), "forward");
          if (this.mute) return;
          this.frames.push(bytes.slice(start, end));
          to.sendBinary(bytes, start, end);
        },
        batchEnd: () => this.holdMs > 0 ? sleep(this.clock, this.holdMs) : undefined,
      }).then(() => to.closeNow(1001, "the other end is gone"));
    }
  }

  /** Sends a frame to the socket that was made as the `index`th. */
  sendFrame(index: number, frame: Uint8Array): void {
    this.#ends[index]!.sendBinary(frame, 0, frame.length);
  }

  /** Offers UDP to the sockets, to each by a token of its own. */
  offer(tokens: readonly string[], { host, port }: { host: string; port: number }): void {
    for (const [i, token] of tokens.entries()) {
      this.#ends[i]!.sendText(JSON.stringify({ type: "udp-offer", token, port, host }));
    }
  }

  sendToBoth(text: string): void {
    for (const end of this.#ends) end.sendText(text);
  }

  cut(): void {
    for (const end of this.#ends) end.abort();
  }
}

/** Options of {@linkcode tunnelPair}. */
export interface PairOptions {
  mtu?: [agent: number, client: number];
  clock?: Clock;
  /** Whether the tunnels wait when their sockets end; else they end, too. */
  wait?: boolean;
  /** UDP of the agent's and the client's machine. */
  udp?: [agent: UdpSystem, client: UdpSystem];
  /** Paths that both send by. */
  paths?: readonly PathKind[] | undefined;
  /** Whether they are of our own kind, and say so. */
  ours?: boolean;
}

/** An agent's and a client's end of a tunnel through a relay. */
export interface TunnelPair {
  /** The hub of the beginning. */
  readonly relay: Relay;
  readonly agent: Tunnel;
  readonly client: Tunnel;
  /** What the tunnels have told, each line behind the name of the end. */
  readonly events: string[];
  /** The same for paths. */
  readonly pathEvents: string[];
  /** Puts a new hub between them. */
  join(): Relay;
}

/** Makes a pair of tunnels that are joined by a first hub. */
export function tunnelPair(
  { mtu = [1100, 1100], clock = systemClock, wait = false, udp, paths, ours = false }: PairOptions =
    {},
): TunnelPair {
  const keys = [generatePrivateKey(systemRandom), generatePrivateKey(systemRandom)] as const;
  const events: string[] = [];
  const pathEvents: string[] = [];
  const make = (role: "agent" | "client", own: 0 | 1): Tunnel => {
    const handler: TunnelHandler = {
      up: () => events.push(`${role} up`),
      waiting: (reason) => wait ? events.push(`${role} waits: ${reason}`) : tunnel.end(reason),
      path: (event) =>
        pathEvents.push(
          event.type === "path-changed"
            ? `${role} ${event.from} -> ${event.to}`
            : `${role} ${event.type} ${event.path}`,
        ),
      message: ({ type }, { proven }) => events.push(`${role} got ${type}, proven ${proven}`),
    };
    const tunnel = new Tunnel({
      role,
      sessionIdx: 7,
      privateKey: keys[own],
      peerPublicKey: publicKey(keys[1 - own as 0 | 1]),
      mtuBytes: mtu[own],
      graceMs: 120_000,
      clock,
      random: systemRandom,
      udp: udp?.[own],
      paths,
      handler,
    });
    return tunnel;
  };
  const [agent, client] = [make("agent", 0), make("client", 1)];
  const join = () => {
    const relay = new Relay(clock);
    agent.attach(relay.socket());
    client.attach(relay.socket());
    relay.run();
    if (ours) relay.sendToBoth(`{"type":"peer-hello","version":1,"features":["paths","syn-data"]}`);
    return relay;
  };
  return { relay: join(), agent, client, events, pathEvents, join };
}

/** Lets everything that is ready happen. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
}
