import type { AuditEvent } from "../audit/mod.ts";

/** Kinds of event. Spec: hub-api.md 1.1 */
export type HistoryEventName =
  | "agent-register"
  | "agent-disconnect"
  | "agent-session-disconnect"
  | "client-connect"
  | "client-disconnect";

/** Something that happened with a machine. */
export interface HistoryEvent {
  /** Name of the machine. */
  readonly machine: string;
  /** What happened. */
  readonly event: HistoryEventName;
  /** When, in milliseconds since 1970. */
  readonly wallMs: number;
  /** More, for people; "" if there is no more to say. */
  readonly detail: string;
}

/** The part of a record of the audit that history is made of. */
export interface RecordOfMachine {
  /** What happened. */
  readonly event: AuditEvent;
  /** When, in milliseconds since 1970. */
  readonly timeMs: number;
  /** Name of the machine. */
  readonly machine: string;
  /** Why a session ended. */
  readonly reason: string;
  /** Ports of a registration, services of a session. */
  readonly detail: string;
}

/** Events kept. Spec: hub-api.md D5 */
export const HISTORY_CAPACITY = 100;

/** Sessions that end because the agent has gone are not told of: its going is. So with the hub's. */
const UNTOLD_ENDS: ReadonlySet<string> = new Set(["agent gone", "hub stopping"]);

/** What history says of a record; undefined if nothing. */
function nameOf({ event, reason }: RecordOfMachine): HistoryEventName | undefined {
  if (event === "register") return "agent-register";
  if (event === "agent-gone") return "agent-disconnect";
  if (event === "session-open") return "client-connect";
  if (event !== "session-close" || UNTOLD_ENDS.has(reason)) return undefined;
  return reason === "agent left" ? "agent-session-disconnect" : "client-disconnect";
}

/** The last events, in memory; the oldest is dropped for a new one. */
export class History {
  readonly #events: HistoryEvent[] = [];

  /** Starts with what records of the past say, newest first. */
  constructor(past: Iterable<RecordOfMachine> = []) {
    for (const record of [...past].reverse()) this.add(record);
  }

  /** Takes note of a record, if it is one that history tells of. */
  add(record: RecordOfMachine): void {
    const event = nameOf(record);
    if (event === undefined) return;
    const { machine, timeMs: wallMs } = record;
    const isEnd = event.endsWith("-disconnect");
    const detail = record.detail || (isEnd ? event.replace("-disconnect", " disconnected") : "");
    this.#events.push({ machine, event, wallMs, detail });
    if (this.#events.length > HISTORY_CAPACITY) this.#events.shift();
  }

  /** The events, newest first. */
  newestFirst(): HistoryEvent[] {
    return this.#events.toReversed();
  }
}
