/** A JSON value whose shape is the business of the two ends, not of this protocol. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** A JSON object whose shape is the business of the two ends. */
export type JsonObject = { [key: string]: Json };

/** What all control messages have. Spec: wire.md 1.2 */
export interface Message<Type extends string> {
  /** Kind of message, as on the wire. */
  type: Type;
}

/** A service as an agent describes it. Spec: wire.md 2.2 */
export interface ServiceDescription {
  /** TCP port inside the tunnel, 0 to 65535; a hub ignores entries with 0. */
  port: number;
  /** `tcp`, `http` and the like; free text. */
  proto?: string | undefined;
  /** Name that people choose the service by. */
  name?: string | undefined;
  /** Free text. */
  description?: string | undefined;
}

/** Release channel and sources that a hub suggests to its agents. Spec: wire.md 2.2 */
export interface DefaultUpdate {
  /** Name of the channel. */
  channel?: string | undefined;
  /** Base URL by channel name. */
  sources?: Record<string, string> | undefined;
}

/** Agent to hub, first on a control socket. Spec: wire.md 2.2 */
export interface Register extends Message<"register"> {
  /** UUID of the agent installation; a hub refuses an empty one. */
  agentId: string;
  /** Name that clients use; "" if absent. */
  machineName: string;
  /** 1 if absent or 0. */
  protocolVersion?: number | undefined;
  /** UUID of the machine, kept by the agent; a hub makes one up if it is absent. */
  machineRegistrationId?: string | undefined;
  /** Secret that the hub knows the sender by; required where the hub has tokens. */
  token?: string | undefined;
  /** TCP ports that the agent listens on inside the tunnel. */
  ports?: number[] | undefined;
  /** What people see of the ports; where it is empty, a hub derives it from `ports`. */
  services?: ServiceDescription[] | undefined;
  /** Name for people. */
  displayName?: string | undefined;
  /** Host name of the machine. */
  hostname?: string | undefined;
  /** `linux`, `darwin` or `windows`. */
  os?: string | undefined;
  /** Version of the agent program. */
  agentVersion?: string | undefined;
  /** Where the machine stands; free text. */
  location?: string | undefined;
  /** Whose machine it is; free text. */
  owner?: string | undefined;
  /** Free words. */
  tags?: string[] | undefined;
  /** What the agent can do; passed on unread. */
  capabilities?: JsonObject | undefined;
}

/** Hub to agent, answers every {@linkcode Register}. Spec: wire.md 2.2 */
export interface Registered extends Message<"registered"> {
  /** Name of the machine. */
  machineId: string;
  /** Present only where the hub has update settings. */
  defaultUpdate?: DefaultUpdate | undefined;
}

/** Client to hub, first on its socket. Spec: wire.md 2.3 */
export interface Connect extends Message<"connect"> {
  /** Name of the machine. */
  machineId: string;
  /** The client's X25519 public key of this session, 64 lower-case hexadecimal digits. */
  wgPubKey?: string | undefined;
  /** Secret that the hub knows the sender by; required where the hub has tokens. */
  token?: string | undefined;
  /** 1; hubs ignore it. */
  protocolVersion?: number | undefined;
  /** A hint for the hub's history; grants and restricts nothing. */
  ports?: number[] | undefined;
  /**
   * How long the hub is to relay by UDP while a socket of the session is gone, in seconds, if the agent
   * wants it, too. An addition of ours, which a reference hub ignores.
   */
  udpGrace?: number | undefined;
}

/** Hub to agent on the control socket: a client waits. Spec: wire.md 2.4 */
export interface SessionRequest extends Message<"session-request"> {
  /** 16 lower-case hexadecimal digits. */
  sessionId: string;
  /** 1 to 254; a peer takes less for 1. */
  sessionIdx: number;
  /** The client's key, "" if it sent none. */
  wgPubKey: string;
  /**
   * Ports that the client may reach: the agent refuses all others. Absent where its grant covers the
   * whole machine. An addition of ours, which a reference agent ignores.
   */
  allowedPorts?: number[] | undefined;
}

/** Agent to hub, first on the socket of a session. Spec: wire.md 2.4 */
export interface SessionJoin extends Message<"session-join"> {
  /** Name of the machine. */
  machineId: string;
  /** As in the {@linkcode SessionRequest}. */
  sessionId: string;
  /** As in {@linkcode Connect}. */
  udpGrace?: number | undefined;
}

/** Hub to agent, first on the socket of a session. Spec: wire.md 2.4 */
export interface SessionStart extends Message<"session-start"> {
  /** The client's key, absent if it sent none. */
  wgPubKey?: string | undefined;
}

/** Hub to client: the agent has joined. Spec: wire.md 2.4 */
export interface Ready extends Message<"ready"> {
  /** As in the {@linkcode SessionRequest}; selects the tunnel addresses. */
  sessionIdx: number;
}

/** Hub to both: a way to relay over UDP. Spec: wire.md 2.4, 5.1 */
export interface UdpOffer extends Message<"udp-offer"> {
  /** 16 hexadecimal digits: the 8 bytes in front of each datagram. */
  token: string;
  /** UDP port of the hub. */
  port: number;
  /** Where to send, if not to the host of the WebSocket. */
  host?: string | undefined;
}

/** Agent to client through the relay. Spec: wire.md 2.4 */
export interface WgPubkey extends Message<"wg-pubkey"> {
  /** 64 lower-case hexadecimal digits. */
  wgPubKey: string;
  /** TCP ports that the agent listens on inside the tunnel. */
  ports?: number[] | undefined;
  /** What the agent can do. */
  capabilities?: JsonObject | undefined;
}

/** Either peer to the other: its address as STUN sees it. Spec: wire.md 2.4, 5.4 */
export interface PeerEndpoint extends Message<"peer-endpoint"> {
  /** `a.b.c.d:port` */
  message: string;
}

/**
 * Hub to agent: the client is gone. On a control socket, an addition of ours, it is about the session
 * of the client with this key, whose sockets are gone already. Spec: wire.md 2.4
 */
export interface SessionEnd extends Message<"session-end"> {
  /**
   * Whether it must not come back, as its right was withdrawn: nothing of the session may go on, by
   * whatever path. An addition of ours; absent from a reference hub.
   */
  final?: boolean | undefined;
  /** Key of the client, on a control socket. */
  wgPubKey?: string | undefined;
}

/**
 * Between our own peers through the relay, once a socket and in both directions: what the sender can
 * do beyond the reference. A reference peer ignores it. Spec: design.md decision 1
 */
export interface PeerHello extends Message<"peer-hello"> {
  /** 1. */
  version: number;
  /** Names of what the sender offers; unknown ones are ignored. */
  features?: string[] | undefined;
  /** The agent's Ed25519 public key, 64 hexadecimal digits; a client has none. */
  identity?: string | undefined;
  /** The agent's signature over the keys of the session, 128 hexadecimal digits. */
  signature?: string | undefined;
}

/** Between our own peers through the relay: where the sender may be reached directly. */
export interface PeerCandidates extends Message<"peer-candidates"> {
  /** `a.b.c.d:port` or `[v6]:port`, best first. */
  candidates: string[];
}

/** Between our own peers through the relay: the sender leaves for good, nothing is to be kept. */
export type PeerLeave = Message<"peer-leave">;

/** A refusal; the hub closes with 1008 after it. Spec: wire.md 2.6 */
export interface ErrorMessage extends Message<"error"> {
  /** Peers match substrings of it, so hubs keep to the texts of the specification. */
  message: string;
}

/** Keeps proxies from closing an idle connection; absorbed by the hub. Spec: wire.md 2.7 */
export type Keepalive = Message<"keepalive">;

/** Hub to agent on the control socket. Spec: wire.md 2.8 */
export interface MgmtRequest extends Message<"mgmt-request"> {
  /** 16 hexadecimal digits. */
  requestId: string;
  /** What to do, as `config-get`. */
  action: string;
  /** Arguments of the action. */
  payload?: Json | undefined;
}

/** Agent to hub, answers a {@linkcode MgmtRequest}. Spec: wire.md 2.8 */
export interface MgmtResponse extends Message<"mgmt-response"> {
  /** As in the {@linkcode MgmtRequest}. */
  requestId: string;
  /** Whether it was done. */
  ok: boolean;
  /** What went wrong, or what will happen. */
  message?: string | undefined;
  /** Result of the action. */
  payload?: Json | undefined;
}

/** Every control message that this implementation knows. */
export type ControlMessage =
  | Connect
  | ErrorMessage
  | Keepalive
  | MgmtRequest
  | MgmtResponse
  | PeerCandidates
  | PeerEndpoint
  | PeerHello
  | PeerLeave
  | Ready
  | Register
  | Registered
  | SessionEnd
  | SessionJoin
  | SessionRequest
  | SessionStart
  | UdpOffer
  | WgPubkey;
