import type { Clock } from "../../core/clock/mod.ts";
import type { WebSocketConnection } from "../../core/websocket/mod.ts";

/**
 * Bytes queued for a receiver beyond which its sender is no longer read. Several times what one
 * read brings, so that the hub's own queue is never what slows a healthy receiver; the operating
 * system's socket buffers lie behind it.
 */
const HOLD_BYTES = 256 * 1024;

/** Bytes queued at which the sender is read again. */
const RESUME_BYTES = HOLD_BYTES / 2;

/**
 * Longest time for which a sender is not read. Its pings wait as long, and are to be answered
 * within a second. Spec: wire.md 8 (3)
 */
const HOLD_MS = 800;

/**
 * Bytes queued for a receiver at which it is given up: it has let them pile up for longer than
 * {@linkcode HOLD_MS}, and what piles up then is text, which is never dropped.
 */
const ABORT_BYTES = 8 * 1024 * 1024;

/** The part of a WebSocket that an {@linkcode Outflow} needs. */
export type OutflowConnection = Pick<
  WebSocketConnection,
  "sendText" | "sendBinary" | "bufferedBytes" | "drained" | "abort"
>;

/** What one peer of a session is sent, with the rule for a peer that does not read fast enough. */
export class Outflow {
  readonly #connection: OutflowConnection;
  readonly #clock: Clock;
  #state: "flowing" | "held" | "dropping" = "flowing";
  #droppedFrames = 0;

  /** Borrows the connection. */
  constructor(connection: OutflowConnection, clock: Clock) {
    this.#connection = connection;
    this.#clock = clock;
  }

  /** Frames not sent because the peer did not read. */
  get droppedFrames(): number {
    return this.#droppedFrames;
  }

  /** Sends a text, whatever the state of the peer. */
  text(text: string): void {
    this.#connection.sendText(text);
  }

  /** Sends the frame from `start` to `end`, copied; false if it was dropped and counted instead. */
  frame(bytes: Uint8Array, start: number, end: number): boolean {
    if (this.#state === "dropping") {
      this.#droppedFrames++;
      return false;
    }
    this.#connection.sendBinary(bytes, start, end);
    return true;
  }

  /**
   * As {@linkcode Outflow.frame}, for a frame whose sender cannot be held back, as it came by UDP:
   * dropped as soon as more is queued than a healthy peer would leave.
   */
  datagram(bytes: Uint8Array, start: number, end: number): boolean {
    if (this.#connection.bufferedBytes <= HOLD_BYTES) return this.frame(bytes, start, end);
    this.#droppedFrames++;
    return false;
  }

  /**
   * To be called after the messages of one read: a promise means that the sender is not to be read
   * until it settles, at most {@linkcode HOLD_MS}. If the peer has still not read enough by then,
   * frames to it are dropped until it has.
   */
  hold(): Promise<void> | undefined {
    const queuedBytes = this.#connection.bufferedBytes;
    if (queuedBytes <= HOLD_BYTES) return undefined;
    if (queuedBytes > ABORT_BYTES) {
      this.#connection.abort();
      return undefined;
    }
    return this.#state === "flowing" ? this.#waitForRoom() : undefined;
  }

  #waitForRoom(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#state = "held";
    const timer = this.#clock.setTimer(() => {
      this.#state = "dropping";
      resolve();
    }, HOLD_MS);
    this.#connection.drained(RESUME_BYTES).then(() => {
      timer.cancel();
      this.#state = "flowing";
      resolve();
    });
    return promise;
  }
}
