import type { Random } from "../bytes/mod.ts";
import type { PeerCandidates, PeerEndpoint } from "../control/mod.ts";
import type { Endpoint } from "../endpoint/mod.ts";

/** Why a direct path is no more. */
export type DirectLoss = "no answer" | "our addresses changed" | "send error" | "silence";

/** What the owner of the sockets and of WireGuard does for a {@linkcode import("./engine.ts").DirectEngine}. */
export interface DirectSink {
  /** Sends a datagram from the socket of the address family; takes the bytes. */
  send(bytes: Uint8Array<ArrayBuffer>, to: Endpoint): void;
  /** Sends a control message to the peer through the hub. */
  announce(message: PeerCandidates | PeerEndpoint): void;
  /**
   * Sends a question sealed by WireGuard, in a relay frame, directly to `to`. When its answer arrives
   * directly, `answered` of the engine is to be called with the same `to`.
   */
  probe(to: Endpoint): void;
  /** Packets may go directly to `remote` from now on; also called when it changes. */
  up(remote: Endpoint): void;
  /** Packets must not go directly any more. */
  down(reason: DirectLoss): void;
}

/** What became of a datagram that did not come from the hub. */
export type DirectVerdict =
  | "bad-frame"
  | "frame"
  | "punch"
  | "stun"
  | "unwanted-punch"
  | "unwanted-stun";

/** Options of {@linkcode import("./engine.ts").DirectEngine}. */
export interface DirectOptions {
  /** Which end of the tunnel we are: the agent follows where the client has settled. */
  role: "agent" | "client";
  /** STUN servers: the hub's UDP port, then configured ones. */
  stunServers: readonly Endpoint[];
  /** The hub's UDP endpoints: no peer is there. STUN servers need not be repeated. */
  hub: readonly Endpoint[];
  /** Whether loopback addresses count, as they do where the hub is reached at one. */
  allowLoopback: boolean;
  /** Cryptographic random source. */
  random: Random;
  /** Does what the engine cannot. */
  sink: DirectSink;
}
