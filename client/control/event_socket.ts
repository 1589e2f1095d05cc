import type { Clock, Timer } from "../../core/clock/mod.ts";
import type { ControlEvent } from "./event_bus.ts";
import { sameSecret } from "./guard.ts";
import type { RunningClient } from "./running_client.ts";

/** Time to show the token. Spec: client.md 3 (`/ws`) */
export const TOKEN_TIMEOUT_MS = 5000;

/** What a slow reader may leave unread before it loses events: far above the reference's 64. */
export const MAX_UNREAD_BYTES = 256 * 1024;

/** Longest message accepted from a listener. */
const MAX_MESSAGE_CHARS = 4096;

const POLICY_VIOLATION = 1008;

/** The part of a WebSocket that is used here. */
export interface EventTransport {
  /** Bytes that the peer has not taken yet. */
  readonly bufferedAmount: number;
  /** Sends a text. */
  send(text: string): void;
  /** Ends it. */
  close(code: number, reason: string): void;
}

/** Options of {@linkcode EventSocket}. */
export interface EventSocketOptions {
  /** An open WebSocket. */
  transport: EventTransport;
  /** Whose events it gets. */
  client: RunningClient;
  /** Secret to show first. */
  token: string;
  /** Whether it has been shown already. */
  authorized: boolean;
  /** Times the wait for it. */
  clock: Clock;
}

/**
 * One listener to the events of a client. Events that it is too slow for are dropped, and their
 * number is told with the next that is not.
 *
 * Deviation: `connection_state` goes to the listener that joins, not to all.
 *
 * Spec: client.md 3 (`/ws`)
 */
export class EventSocket {
  readonly #transport: EventTransport;
  readonly #client: RunningClient;
  readonly #token: string;
  readonly #timer: Timer;
  #subscription: Disposable | undefined;
  #dropped = 0;
  #ended = false;

  /** Waits for the token unless it has been shown. */
  constructor({ transport, client, token, authorized, clock }: EventSocketOptions) {
    this.#transport = transport;
    this.#client = client;
    this.#token = token;
    this.#timer = clock.setTimer(() => this.#refuse("no token"), TOKEN_TIMEOUT_MS);
    if (authorized) this.#join();
  }

  /** Takes a message of the listener: the token first, then commands; unknown ones are ignored. */
  message(data: unknown): void {
    if (this.#ended) return;
    if (typeof data !== "string" || data.length > MAX_MESSAGE_CHARS) {
      return this.#refuse("message too large or not text");
    }
    if (this.#subscription !== undefined) return this.#command(data);
    if (sameSecret(data, this.#token)) this.#join();
    else this.#refuse("wrong token");
  }

  /** Lets go of everything; to be called when the socket has ended. */
  ended(): void {
    this.#ended = true;
    this.#timer.cancel();
    this.#subscription?.[Symbol.dispose]();
  }

  /** Says that the client ends, and ends the socket. */
  goodbye(): void {
    if (this.#ended) return;
    if (this.#subscription !== undefined) {
      this.#send({ type: "connection_state", connected: false });
    }
    this.#transport.close(1000, "client is shutting down");
    this.ended();
  }

  #join(): void {
    this.#timer.cancel();
    this.#subscription = this.#client.events.subscribe((event) => this.#send(event));
    const profileName = this.#client.profile;
    this.#send({ type: "connection_state", connected: true, profileName });
  }

  #refuse(reason: string): void {
    this.#transport.close(POLICY_VIOLATION, reason);
    this.ended();
  }

  #send(event: ControlEvent): void {
    const transport = this.#transport;
    if (transport.bufferedAmount > MAX_UNREAD_BYTES) return void this.#dropped++;
    if (this.#dropped > 0) {
      transport.send(JSON.stringify({ type: "events_dropped", count: this.#dropped }));
      this.#dropped = 0;
    }
    transport.send(JSON.stringify(event));
  }

  #command(data: string): void {
    const command = parseCommand(data);
    const client = this.#client;
    if (command.type === "disconnect") return client.stop();
    if (command.type === "reconnect") {
      for (const { reconnect } of client.connections) {
        reconnect();
      }
    }
    if (command.type !== "set_verbose") return;
    client.verbose = typeof command.enabled === "boolean" ? command.enabled : !client.verbose;
  }
}

/** A command; one that is no JSON object is as unknown as one of an unknown type. */
function parseCommand(data: string): { type?: unknown; enabled?: unknown } {
  try {
    return Object(JSON.parse(data));
  } catch (error) {
    if (error instanceof SyntaxError) return {};
    throw error;
  }
}
