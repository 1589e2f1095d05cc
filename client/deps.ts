import type { Random } from "../core/bytes/mod.ts";
import type { KnownAgents } from "../core/identity/mod.ts";
import type { PathKind, StunServer } from "../core/path/mod.ts";
import type { TunnelHandler } from "../core/tunnel/mod.ts";
import type { AccountDeps } from "./account/mod.ts";
import type { RunningClient, StatusSource } from "./control/mod.ts";
import type { Probes } from "./explain/mod.ts";
import type { Dialer } from "./forwarder.ts";
import type { Listen } from "./listener_set.ts";
import type { NameLookup } from "./names/mod.ts";
import type { SessionGrant, SessionKeys, SignallingSocket } from "./session.ts";
import type { StatusDeps } from "./status/mod.ts";

/** A tunnel to a machine, which lives on the sockets that it is given. */
export interface ClientTunnel extends Dialer, StatusSource {
  /** Resolves with the reason when it has ended; never rejects. */
  readonly closed: Promise<string>;
  /** Goes on by a socket, behind its signalling; takes it. */
  attach(socket: SignallingSocket): void;
  /** Ends it for a reason; connections through it are reset. */
  end(reason: string): void;
  /** Ends it, and tells the agent, one of ours, that it need not wait. */
  leave(reason: string): void;
}

/** What the client has of the machine it runs on and of the layers below it; tests give others. */
export interface ClientDeps extends AccountDeps, StatusDeps {
  /** Cryptographic random source. */
  readonly random: Random;
  /** Looks at the network for `tela explain`. */
  readonly probes: Probes;
  /** Where names of hubs are kept; undefined where the environment tells no home directory. */
  readonly nameFiles: () => NameLookup["files"];
  /** Opens local listeners. */
  readonly listen: Listen;
  /** Connects to a hub. */
  readonly dialHub: (url: string, signal: AbortSignal) => Promise<SignallingSocket>;
  /** Makes a tunnel that waits for its first socket. @throws {RangeError} if the agent's key is none */
  readonly openTunnel: (options: OpenTunnelOptions) => ClientTunnel;
  /** The agents that this user knows; undefined where the environment tells no home directory. */
  readonly knownAgents: () => KnownAgents | undefined;
  /** Makes the keys of a session. */
  readonly makeKeys: () => SessionKeys;
  /** Serves the local control API until disposed of. Rejects if its file cannot be written. */
  readonly serveControl: (client: RunningClient) => Promise<AsyncDisposable>;
}

/** What a tunnel is made of. */
export interface OpenTunnelOptions {
  /** What both ends have agreed on. */
  readonly grant: SessionGrant;
  /** Our keys of the session. */
  readonly keys: SessionKeys;
  /** Largest IP packet sent. */
  readonly mtuBytes: number;
  /** Longest time it is kept without a socket, in ms. */
  readonly graceMs: number;
  /** Paths to send by; undefined for all. */
  readonly paths: readonly PathKind[] | undefined;
  /** STUN servers besides the hub. */
  readonly stunServers: readonly StunServer[] | undefined;
  /** Told what happens. */
  readonly handler: TunnelHandler;
}
