import type { Random } from "../core/bytes/mod.ts";
import type { Clock } from "../core/clock/mod.ts";
import type { Log } from "../core/log/mod.ts";
import type { HubSocket, PathKind, StunServer } from "../core/path/mod.ts";
import type { ByteStream, ConnLike, TcpAddress } from "../core/stream/mod.ts";
import type { TunnelHandler } from "../core/tunnel/mod.ts";

/** An X25519 key pair of one session. */
export interface KeyPair {
  /** 32 bytes. */
  readonly privateKey: Uint8Array;
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
}

/** Options of {@linkcode Surroundings.openTunnel}. */
export interface SessionTunnelOptions {
  /** 1 to 254. */
  sessionIdx: number;
  /** The agent's key of this session, 32 bytes. */
  privateKey: Uint8Array;
  /** The client's key, 32 bytes. */
  peerPublicKey: Uint8Array;
  /** Largest IP packet sent, in bytes. */
  mtuBytes: number;
  /** Longest time it is kept without a socket, in ms. */
  graceMs: number;
  /** Paths to send by; undefined for all. */
  paths?: readonly PathKind[] | undefined;
  /** STUN servers besides the hub. Default: none. */
  stunServers?: readonly StunServer[] | undefined;
  /** Told what happens. */
  handler: TunnelHandler;
}

/** Takes the connections of one port inside a tunnel. */
export interface SessionListener {
  /** The next connection; rejects once the listener or the tunnel has ended. */
  accept(): Promise<ConnLike>;
}

/** What a session needs of its tunnel. */
export interface SessionTunnel {
  /** Listens on a port of the agent's address inside the tunnel. */
  listen(options: { port: number }): SessionListener;
  /** Resolves with the reason once the tunnel has ended; never rejects. */
  readonly closed: Promise<string>;
  /** `up` while the client can be reached, by whatever path. */
  readonly state: "ended" | "up" | "waiting";
  /** Goes on by a socket, behind its signalling; takes it. */
  attach(socket: HubSocket): void;
  /** Ends the tunnel and its sockets for a reason; connections through it are reset. */
  end(reason: string): void;
  /** Ends it, and tells the client, one of ours, that it need not wait. */
  leave(reason: string): void;
}

/** The world around an agent, injected so that tests can bring their own. */
export interface Surroundings {
  /** Gives the time. */
  readonly clock: Clock;
  /** Gives the jitter of reconnects. */
  readonly random: Random;
  /** Takes what happens. */
  readonly log: Log;
  /** Whether each connection is logged too. */
  readonly verbose: boolean;
  /** Connects to a hub. */
  dialHub(options: { url: string; signal: AbortSignal }): Promise<HubSocket>;
  /** Connects to a service of a machine. */
  dialTarget(address: TcpAddress, signal: AbortSignal): Promise<ByteStream>;
  /** Makes the keys of a session. */
  newKeys(): KeyPair;
  /** Makes a tunnel that waits for its first socket. @throws {RangeError} if the client's key is none */
  openTunnel(options: SessionTunnelOptions): SessionTunnel;
}

/** Why something failed, in one line. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = (error as Error & { code?: unknown }).code;
  return error.message || (typeof code === "string" ? code : error.name);
}
