import type { Random } from "../../core/bytes/mod.ts";
import type { Clock } from "../../core/clock/mod.ts";
import type { Log, LogRing } from "../../core/log/mod.ts";
import type { AccessStore, Authenticator } from "../access/mod.ts";
import type { Audit, AuditReader, AuditState } from "../audit/mod.ts";
import type { UpdateFile } from "../config/mod.ts";
import type { Pairing } from "../pairing/mod.ts";
import type { Portals } from "../portals/mod.ts";
import type { Registry } from "../registry/mod.ts";
import type { Switchboard } from "../sessions/mod.ts";

/** Asks agents to do something, as `Switchboard` does. Spec: hub-api.md 4, wire.md 2.8 */
export type Management = Pick<Switchboard, "ask">;

/** Restarts the hub, as far as its configuration lets it. Spec: hub-api.md 1.6 */
export interface Restart {
  /**
   * Looks whether that would go well.
   *
   * @throws ConfigError if the hub could not start with what its configuration says now
   */
  check(): Promise<void>;
  /** Begins it. */
  begin(): void;
}

/** What the administration routes work with. */
export interface AdminOptions {
  /** Who may do what, and its changes. */
  readonly store: AccessStore;
  /** Finds out who asks. */
  readonly authenticator: Authenticator;
  /** The pairing codes. */
  readonly pairing: Pairing;
  /** The directories that list this hub. */
  readonly portals: Portals;
  /** The machines. */
  readonly registry: Registry;
  /** Asks agents. */
  readonly management: Management;
  /** Restarts the hub; if absent, it cannot be. */
  readonly restart?: Restart | undefined;
  /** Version of this program. */
  readonly version: string;
  /** What the configuration says of updates. */
  readonly updateFile: UpdateFile;
  /** Takes note of what is done. */
  readonly audit: Audit;
  /** Reads what was noted; undefined if it is kept nowhere. */
  readonly records?: { readonly reader: AuditReader; readonly state: () => AuditState } | undefined;
  /** The last lines of the log. */
  readonly logs: LogRing;
  /** Takes a line for each change; never a secret. */
  readonly log: Log;
  /** Gives the time. */
  readonly clock: Clock;
  /** Makes tokens. */
  readonly random: Random;
}

/** Longest body of a change, in bytes. Spec: hub-api.md 1.2, 1.3, 1.5 */
export const MAX_BODY_BYTES = 4096;

/** Longest body that lists many machines, or that an agent is handed, in bytes. */
export const MAX_LONG_BODY_BYTES = 64 * 1024;

/** Longest id of an identity, and longest name of a machine, in UTF-16 units. */
export const MAX_NAME_LENGTH = 256;

/**
 * A name that can be shown in a table and a log, kept in a file and addressed: not empty, not too long,
 * nothing that drives a terminal or turns the text around it, well-formed, and no segment that paths
 * lose.
 */
export function isName(value: unknown): value is string {
  return typeof value === "string" && value !== "" && value.length <= MAX_NAME_LENGTH &&
    !/[\p{Cc}\p{Bidi_Control}]/u.test(value) && value.isWellFormed() &&
    value !== "." && value !== "..";
}

/** The rule that {@linkcode isName} tests, for error texts. */
export const NAME_RULE = `1 to ${MAX_NAME_LENGTH} characters, no control characters`;
