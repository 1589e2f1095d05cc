import type { Random } from "../../core/bytes/mod.ts";
import type { Clock } from "../../core/clock/mod.ts";
import type { DefaultUpdate } from "../../core/control/mod.ts";
import type { Log } from "../../core/log/mod.ts";
import type { Access } from "../access/mod.ts";
import type { History } from "../history/mod.ts";
import type { Registry } from "../registry/mod.ts";
import type { UdpCarrier } from "../udp/mod.ts";

/** What the session machine works with. */
export interface SwitchboardOptions {
  /** The machines. */
  readonly registry: Registry;
  /** Who may do what, as of now. */
  readonly access: () => Access;
  /** Takes note of what happens. */
  readonly history: History;
  /** Relays sessions by UDP, if it can. */
  readonly udp?: UdpCarrier | undefined;
  /** What agents are told about updates, if anything. */
  readonly defaultUpdate: () => DefaultUpdate | undefined;
  /** Times joins, pings and stalls. */
  readonly clock: Clock;
  /** Makes session ids. */
  readonly random: Random;
  /** Takes a line for each event; never a token. */
  readonly log: Log;
}

/** A name of a peer's choice, short enough for a log line. */
export function brief(name: string): string {
  return JSON.stringify(name.length > 64 ? `${name.slice(0, 64)}…` : name);
}
