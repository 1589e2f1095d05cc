import type { TunnelStatus } from "../../core/tunnel/mod.ts";
import type { ConnectionPlace, TunnelEvent, TunnelEventType } from "./event_bus.ts";

/** A tunnel at two moments. */
export interface StatusChange {
  /** Whose tunnel it is. */
  readonly place: ConnectionPlace;
  /** Before; undefined while there was none. */
  readonly before: TunnelStatus | undefined;
  /** After; undefined when there is none any more. */
  readonly after: TunnelStatus | undefined;
  /** Wall time of the second moment. */
  readonly nowWallMs: number;
}

/** `2026-08-01T09:00:00.125Z`. */
function timeOf(wallMs: number): string {
  return new Date(wallMs).toISOString();
}

/** Times of day at which the two look different, or null where they do not. */
function changesOf(
  { before, after, nowWallMs }: StatusChange,
): [type: TunnelEventType, wallMs: number][] {
  if (after === undefined || after.state === "ended") {
    const wasLive = before !== undefined && before.state !== "ended";
    return wasLive ? [["tunnel_ended", after?.sinceWallMs ?? nowWallMs]] : [];
  }
  const changes: [TunnelEventType, number][] = [];
  // A wait that began and ended between two looks shows in the time of the last change.
  const moved = before?.state !== after.state || before.sinceWallMs !== after.sinceWallMs;
  const resumed = after.resumes > (before?.resumes ?? 0);
  if (resumed) changes.push(["tunnel_resumed", after.sinceWallMs]);
  if (moved && after.state === "waiting") changes.push(["tunnel_waiting", after.sinceWallMs]);
  if (moved && after.state === "up") changes.push(["tunnel_up", after.sinceWallMs]);
  const path = before?.path !== after.path || before?.pathSinceWallMs !== after.pathSinceWallMs;
  if (path && after.path !== undefined) {
    changes.push(["path_changed", after.pathSinceWallMs ?? nowWallMs]);
  }
  const isVerified = after.peer.verified !== "unverified";
  const known = before?.peer.verified === after.peer.verified &&
    before.peer.fingerprint === after.peer.fingerprint;
  if (isVerified && !known) changes.push(["peer_verified", nowWallMs]);
  return changes;
}

/** What happened to a tunnel between two looks at it, oldest first within each kind. */
export function diffStatus(change: StatusChange): TunnelEvent[] {
  const { place, after } = change;
  const { index, hub, machine } = place;
  return changesOf(change).map(([type, wallMs]) => ({
    type,
    time: timeOf(wallMs),
    index,
    hub,
    machine,
    ...(after === undefined ? {} : { status: after }),
  }));
}
