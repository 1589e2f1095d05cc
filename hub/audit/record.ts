/**
 * What may be recorded. The list is closed, so that whoever reads records knows what to expect; a
 * new kind is added here and in the README.
 */
export const AUDIT_EVENTS = [
  /** The hub has started, or stops in an orderly way. */
  "hub-start",
  "hub-stop",
  /** An HTTP request was answered. */
  "request",
  /** A token that is unknown, expired or revoked, or a wrong pairing code, was shown. */
  "auth-failure",
  /** Somebody known asked for what they may not do, or was throttled. */
  "denial",
  /** Somebody signed in to the console, or out. */
  "sign-in",
  "sign-out",
  /** An identity came, changed its name or role, went; its token was replaced or revoked. */
  "identity-create",
  "identity-change",
  "identity-remove",
  "token-rotate",
  "token-revoke",
  /** Permissions of an identity on a machine were set, or taken away. */
  "grant",
  "grant-remove",
  /** A pairing code was made, or redeemed. */
  "pair-code",
  "pair",
  /** Another change by an administrator: portals, updates, logs, restart. */
  "admin-change",
  /** An agent was asked to do something: configuration, logs, restart. */
  "management",
  /** An agent registered a machine, or its control socket went. */
  "register",
  "agent-gone",
  /** A session was opened for a client, or ended. */
  "session-open",
  "session-close",
  /** Records were lost, old ones removed, or a damaged file was put aside: written by the store. */
  "gap",
  "retention",
  "reset",
] as const;

/** What was recorded. */
export type AuditEvent = typeof AUDIT_EVENTS[number];

/** How it went: `refused` by a rule, `failed` for another reason. */
export type AuditResult = "ok" | "refused" | "failed";

/** Something that happened, as it is handed in. No field may hold a token, a code or a key. */
export interface AuditEntry {
  /** What happened. */
  readonly event: AuditEvent;
  /** How it went. Default: `ok`. */
  readonly result?: AuditResult;
  /** Id of the identity that did it; absent where nobody is known. */
  readonly identity?: string | undefined;
  /** Name of the machine it was done to. */
  readonly machine?: string | undefined;
  /** Address that it came from, as `192.0.2.7:40000`. */
  readonly source?: string | undefined;
  /** Why it went so, one of few short texts: `expired`, `last owner`, `client left`. */
  readonly reason?: string | undefined;
  /** More, for people. */
  readonly detail?: string | undefined;
  /** More, for programs; member names end in their unit, as `durationMs`. */
  readonly data?: Readonly<Record<string, string | number>> | undefined;
}

/** An entry with its place in the chain. */
export interface AuditRecord {
  /** 1 for the first record of a file, then counted up without gaps. */
  readonly id: number;
  /** When, in milliseconds since 1970, UTC. */
  readonly timeMs: number;
  /** What happened. */
  readonly event: AuditEvent;
  /** How it went. */
  readonly result: AuditResult;
  /** Id of the identity; "" if nobody is known. */
  readonly identity: string;
  /** Name of the machine; "" if there is none. */
  readonly machine: string;
  /** Address; "" if there is none. */
  readonly source: string;
  /** Why it went so; "" if there is no more to say. */
  readonly reason: string;
  /** More, for people; "" if there is no more to say. */
  readonly detail: string;
  /** More, for programs, as JSON text; "" if there is no more to say. */
  readonly data: string;
}

/** Where the hub takes note of what somebody may have to answer for. */
export interface Audit {
  /**
   * Takes note of something that has just happened. Never throws and never waits; a record that
   * changes who may do what (see `isChange`) has been written when this returns, unless the store is
   * degraded, which is said in the log and in the metrics.
   */
  record(entry: AuditEntry): void;
}

/** Takes no note of anything, for tests and tools. */
export const noAudit: Audit = { record() {} };

const CHANGES: ReadonlySet<AuditEvent> = new Set([
  "hub-start",
  "hub-stop",
  "identity-create",
  "identity-change",
  "identity-remove",
  "token-rotate",
  "token-revoke",
  "grant",
  "grant-remove",
  "pair-code",
  "pair",
  "admin-change",
  "gap",
  "retention",
  "reset",
]);

/** Whether an event tells of a change of who may do what, or of the record itself. */
export function isChange(event: AuditEvent): boolean {
  return CHANGES.has(event);
}
