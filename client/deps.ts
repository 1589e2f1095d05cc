import type { Random } from "../core/bytes/mod.ts";
import type { AccountDeps } from "./account/mod.ts";
import type { RunningClient, StatusSource } from "./control/mod.ts";
import type { Dialer } from "./forwarder.ts";
import type { Listen } from "./listener_set.ts";
import type { LiveSession } from "./reconnect.ts";
import type { StatusDeps } from "./status/mod.ts";
import type { SessionGrant, SessionKeys, SignallingSocket } from "./session.ts";

/** A tunnel that is up. */
export type ClientTunnel = Dialer & LiveSession & StatusSource;

/** A connection to a hub: first for signalling, then for a tunnel. */
export interface HubConnection {
  /** Carries the signalling. */
  readonly socket: SignallingSocket;
  /** Brings a tunnel up once the session is granted; takes the socket unless it throws. */
  openTunnel(options: OpenTunnelOptions): ClientTunnel;
}

/** What the client has of the machine it runs on and of the layers below it; tests give others. */
export interface ClientDeps extends AccountDeps, StatusDeps {
  /** Cryptographic random source. */
  readonly random: Random;
  /** Opens local listeners. */
  readonly listen: Listen;
  /** Connects to a hub. */
  readonly dialHub: (url: string, signal: AbortSignal) => Promise<HubConnection>;
  /** Makes the keys of a session. */
  readonly makeKeys: () => SessionKeys;
  /** Serves the local control API until disposed of. Rejects if its file cannot be written. */
  readonly serveControl: (client: RunningClient) => Promise<AsyncDisposable>;
}

/** What a tunnel is made of, besides its socket. */
export interface OpenTunnelOptions {
  /** What both ends have agreed on. */
  readonly grant: SessionGrant;
  /** Our keys of the session. */
  readonly keys: SessionKeys;
  /** Largest IP packet sent. */
  readonly mtuBytes: number;
}
