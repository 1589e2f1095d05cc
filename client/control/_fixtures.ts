/**
 * Tunnels as told, for the tests of this folder.
 *
 * @module
 */

import type { PathStatus, TunnelStatus } from "../../core/tunnel/mod.ts";

const PATH: PathStatus = {
  kind: "websocket",
  remote: "192.0.2.1:443",
  state: "up",
  rttMs: 12.5,
  mtuBytes: 16_384,
  sentBytes: 3000,
  receivedBytes: 2000,
  heardAgoMs: 40,
};

/** A tunnel that is up since 09:00 by WebSocket to a machine that is pinned, but for `changes`. */
export function tunnelStatus(changes: Partial<TunnelStatus> = {}): TunnelStatus {
  const sinceWallMs = Date.UTC(2026, 7, 1, 9);
  return {
    state: "up",
    sinceWallMs,
    path: "websocket",
    pathSinceWallMs: sinceWallMs,
    paths: [PATH],
    sentBytes: 1000,
    receivedBytes: 500,
    heardAgoMs: 40,
    resumes: 0,
    peer: { kind: "ours", fingerprint: "SHA256:abc", verified: "pinned" },
    ...changes,
  };
}
