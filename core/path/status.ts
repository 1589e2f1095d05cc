import type { PathKind } from "./kind.ts";

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
  /** WireGuard bytes sent by it. */
  sentBytes: number;
  /** WireGuard bytes received by it, authentic ones alone. */
  receivedBytes: number;
  /** Milliseconds since anything authentic arrived on it; absent if nothing has. */
  heardAgoMs?: number;
}

/** The paths of a tunnel, and which one it sends by. */
export interface PathsStatus {
  /** Wall time since when any path works, or none does, milliseconds since 1970. */
  sinceWallMs: number;
  /** Path that packets leave by; absent while none works. */
  path?: PathKind;
  /** Wall time since when it is that path. */
  pathSinceWallMs?: number;
  /** All paths, the one in use first. */
  paths: PathStatus[];
}
