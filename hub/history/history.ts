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

/** Events kept. Spec: hub-api.md D5 */
const CAPACITY = 100;

/** The last events, in memory; the oldest is dropped for a new one. */
export class History {
  readonly #events: HistoryEvent[] = [];

  /** Adds an event. */
  add(event: HistoryEvent): void {
    this.#events.push(event);
    if (this.#events.length > CAPACITY) this.#events.shift();
  }

  /** The events, newest first. */
  newestFirst(): HistoryEvent[] {
    return this.#events.toReversed();
  }
}
