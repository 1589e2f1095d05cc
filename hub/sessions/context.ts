import type { Random } from "../../core/bytes/mod.ts";
import type { Clock } from "../../core/clock/mod.ts";
import type { DefaultUpdate } from "../../core/control/mod.ts";
import type { Log } from "../../core/log/mod.ts";
import type { Access, Caller } from "../access/mod.ts";
import type { Audit, AuditEntry } from "../audit/mod.ts";
import type { Registry } from "../registry/mod.ts";

/** What the session machine works with. */
export interface SwitchboardOptions {
  /** The machines. */
  readonly registry: Registry;
  /** Who may do what, as of now. */
  readonly access: () => Access;
  /** Takes note of what happens. */
  readonly audit: Audit;
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

/** Id of the identity that asks; undefined where nobody is known. */
export function identityOf(caller: Caller): string | undefined {
  return caller.kind === "identity" ? caller.id : undefined;
}

/** The record of a refusal: of somebody known, or for want of a valid token. */
export function refusal(caller: Caller, entry: Omit<AuditEntry, "event">): AuditEntry {
  const event = caller.kind === "anonymous" ? "auth-failure" : "denial";
  return { event, result: "refused", identity: identityOf(caller), ...entry };
}
