/**
 * What an identity may do everywhere. `user` may do nothing but what it is granted.
 *
 * Spec: hub-api.md 2 (roles).
 */
export type Role = "owner" | "admin" | "viewer" | "user";

/** One identity and its token. Spec: hub-api.md 5.1 (`auth.tokens[]`) */
export interface TokenEntry {
  /** Label of the identity. */
  readonly id: string;
  /** The raw token; a secret. */
  readonly token: string;
  /** What it may do everywhere. */
  readonly role: Role;
  /** Milliseconds since 1970, if recorded. */
  readonly issuedAtMs: number | undefined;
  /** Milliseconds since 1970 after which the token is no longer valid, if it ends. */
  readonly expiresAtMs: number | undefined;
  /** Milliseconds since 1970 of the revocation, if revoked. */
  readonly revokedAtMs: number | undefined;
}

/** Permission to connect to a machine. */
export interface ConnectGrant {
  /** The raw token; a secret. */
  readonly token: string;
  /** Names of the services that it covers; all if empty. */
  readonly services: readonly string[];
}

/** Who may do what with one machine. Spec: hub-api.md 5.1 (`auth.machines{name}`) */
export interface MachineAcl {
  /**
   * The only token that may register, besides owners and admins. Undefined: any valid token but a
   * viewer's. Empty, or {@linkcode CLOSED_REGISTRATION}: none.
   */
  readonly registerToken: string | undefined;
  /** Who may connect. */
  readonly connect: readonly ConnectGrant[];
  /** Raw tokens that may manage. */
  readonly manageTokens: readonly string[];
}

/** The access part of the configuration. */
export interface AuthConfig {
  /** In the order of the file. */
  readonly tokens: readonly TokenEntry[];
  /** By machine name; `*` stands for every machine when connecting and managing. */
  readonly machines: ReadonlyMap<string, MachineAcl>;
}

/** What the hub suggests to its agents about updates. Spec: hub-api.md 5.1 (`update`) */
export interface UpdateConfig {
  /** Name of the channel, "" if not configured. */
  readonly channel: string;
  /** Base URL by channel name. */
  readonly sources: Readonly<Record<string, string>>;
}

/** What is kept of what happens on the hub. */
export interface AuditConfig {
  /** Path of the file; "" for `audit.db` beside the configuration. */
  readonly file: string;
  /** How long records are kept, in milliseconds; 0 for ever. */
  readonly maxAgeMs: number;
  /** Size from which on the oldest records are removed, in bytes; 0 for none. */
  readonly maxBytes: number;
}

/** Who may read the metrics, besides owners and admins. */
export interface MetricsConfig {
  /** Anybody may. */
  readonly open: boolean;
  /** Whoever has this token may; a secret, "" if there is none. */
  readonly token: string;
}

/** The configuration of a hub: what the file says, with defaults where it is silent. */
export interface HubConfig {
  /** UUID of the hub; "" until one is made. */
  readonly hubId: string;
  /** Name shown to clients, "" if none. */
  readonly name: string;
  /** TCP port of HTTP and WebSocket; 0 lets the system choose. */
  readonly port: number;
  /** UDP port of the relay; 0 lets the system choose. */
  readonly udpPort: number;
  /** Host named in UDP offers, "" if none. */
  readonly udpHost: string;
  /** Whether to bind the UDP port. Default: true. Not in the reference. */
  readonly udp?: boolean;
  /**
   * Secret shared with a separate UDP host, which may connect if there is one. Default: "", none.
   * Not in the reference.
   */
  readonly udpRelaySecret?: string;
  /** Folder of console files that replace the built-in ones, "" if none. */
  readonly wwwDir: string;
  /** Longest time a shutdown waits for peers. */
  readonly shutdownTimeoutMs: number;
  /** Who may do what. */
  readonly auth: AuthConfig;
  /** What agents are told about updates. */
  readonly update: UpdateConfig;
  /** What is kept of what happens. */
  readonly audit: AuditConfig;
  /** Who may read the metrics. */
  readonly metrics: MetricsConfig;
}

/** Defaults of hub-api.md 5.1, and of what is ours: a year or 256 MiB of records, closed metrics. */
export const DEFAULTS = {
  port: 80,
  udpPort: 41820,
  shutdownTimeoutMs: 30_000,
  audit: { file: "", maxAgeMs: 365 * 24 * 3_600_000, maxBytes: 256 * 1024 * 1024 },
  metrics: { open: false, token: "" },
} as const;

/** Least length of the secret shared with a separate UDP host, in characters. */
export const MIN_SECRET_LENGTH = 16;

/** Key of {@linkcode AuthConfig.machines} whose connect and manage grants hold for all machines. */
export const ANY_MACHINE = "*";

/**
 * Written as `registerToken` of a machine that nobody holds the register permission of. It is no
 * token of anybody, so that a reference hub, to which an empty or absent one means "any valid token",
 * refuses registration too.
 */
export const CLOSED_REGISTRATION = "none";
