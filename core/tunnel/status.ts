/** What carries the packets of a tunnel. */
export type PathKind = "direct" | "udp-relay" | "websocket";

/** One path of a tunnel, as far as it has been measured. */
export interface PathStatus {
  /** What it is. */
  kind: PathKind;
  /** Where packets go, as `host:port`. */
  remote: string;
  /** `up` once a round trip has been seen and evidence goes on, `down` once it fails. */
  state: "probing" | "up" | "down";
  /** Smoothed round trip to the peer, milliseconds; absent until measured. */
  rttMs?: number;
  /** Share of what we sent that did not arrive lately, 0 to 1; absent until measured. */
  loss?: number;
  /** What the peer acknowledged while the path was busy, bits a second; absent until measured. */
  goodputBps?: number;
  /** Largest IP packet that the path carries, bytes. */
  mtuBytes: number;
  /** WireGuard bytes sent and received on it. */
  sentBytes: number;
  receivedBytes: number;
  /** Milliseconds since anything authentic arrived on it; absent if nothing has. */
  heardAgoMs?: number;
}

/** Who is at the other end of a tunnel. */
export interface PeerStatus {
  /** A program of ours, the reference's, or not known yet. */
  kind: "ours" | "reference" | "unknown";
  /** Fingerprint of its identity, as `SHA256:…`; absent if it has shown none. */
  fingerprint?: string;
  /** How far the identity can be trusted: pinned before, seen first now, or none. */
  verified: "pinned" | "first-use" | "unverified";
}

/** The truth about a tunnel at one moment. */
export interface TunnelStatus {
  /** `up` while a path works, `waiting` while none does and the streams are kept. */
  state: "ended" | "up" | "waiting";
  /** Wall time of the last change of `state`, milliseconds since 1970. */
  sinceWallMs: number;
  /** Path that packets leave by; absent while waiting. */
  path?: PathKind;
  /** Wall time since when it is that path. */
  pathSinceWallMs?: number;
  /** All paths, the one in use first. */
  paths: PathStatus[];
  /** Payload of all streams, bytes. */
  sentBytes: number;
  receivedBytes: number;
  /** Milliseconds since anything authentic arrived; absent if nothing has. */
  heardAgoMs?: number;
  /** How often the session was resumed on a new socket. */
  resumes: number;
  /** The other end. */
  peer: PeerStatus;
}
