import { printable } from "../../core/cli/mod.ts";
import { formatTime } from "../../core/log/mod.ts";
import type { ControlEvent } from "../control/mod.ts";

function pathOf(event: Extract<ControlEvent, { status?: unknown }>): string {
  const { path, paths } = event.status ?? {};
  const used = paths?.find(({ kind }) => kind === path);
  return used === undefined ? `${path ?? "none"}` : `${path} to ${used.remote}`;
}

function textOf(event: ControlEvent): string | undefined {
  switch (event.type) {
    case "connection_state":
      return event.connected ? undefined : "client is shutting down";
    case "service_bound":
      return `${event.machine}: localhost:${event.local} → ${event.name} (${event.remote})`;
    case "tunnel_activity": {
      const what = event.active ? "opened" : "closed";
      return `${event.machine}: connection to localhost:${event.localPort} ${what}`;
    }
    case "events_dropped":
      return `${event.count} events were lost: this reader was too slow`;
    case "tunnel_up":
      return `${event.machine}: tunnel up by ${pathOf(event)}`;
    case "tunnel_waiting":
      return `${event.machine}: no path works; streams wait`;
    case "tunnel_resumed":
      return `${event.machine}: session resumed`;
    case "tunnel_ended":
      return `${event.machine}: tunnel ended`;
    case "path_changed":
      return `${event.machine}: path is now ${pathOf(event)}`;
    case "peer_verified":
      return `${event.machine}: peer verified, ${event.status?.peer.fingerprint ?? "-"}`;
    default:
      return undefined; // a client of a newer version
  }
}

/** What `tela status -follow` prints of an event; undefined where that says nothing to a person. */
export function eventLine(event: ControlEvent, nowWallMs: number): string | undefined {
  const text = textOf(event);
  if (text === undefined) return undefined;
  const time = "time" in event ? event.time : formatTime(nowWallMs);
  return `${printable(`${time} ${text}`)}\n`;
}
