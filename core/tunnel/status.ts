import type { PathsStatus } from "../path/mod.ts";

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
export interface TunnelStatus extends PathsStatus {
  /** `up` while a path works, `waiting` while none does and the streams are kept. */
  state: "ended" | "up" | "waiting";
  /** Payload of all streams that the peer has acknowledged, bytes. */
  sentBytes: number;
  /** Payload of all streams that has arrived, bytes. */
  receivedBytes: number;
  /** Milliseconds since anything authentic arrived; absent if nothing has. */
  heardAgoMs?: number;
  /** How often the session was resumed on a new socket. */
  resumes: number;
  /** The other end. */
  peer: PeerStatus;
  /** What keeps a path from being used that may be missed, for people; absent if nothing does. */
  note?: string;
}
