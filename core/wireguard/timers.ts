import {
  KEEPALIVE_TIMEOUT_MS,
  REJECT_AFTER_TIME_MS,
  REKEY_ATTEMPT_TIME_MS,
  REKEY_TIMEOUT_MS,
} from "./specification.ts";

/** What a timer asks for. */
export type TimerAction =
  /** Send another initiation: the last was not answered. */
  | "retransmit"
  /** Drop what waits for a handshake that does not come. */
  | "give-up"
  /** Send a keepalive: data came and nothing was sent since. */
  | "keepalive"
  /** Start a handshake: data was sent and nothing came since. */
  | "new-handshake"
  /** Wipe all sessions. */
  | "wipe-keys"
  /** Send a keepalive: nothing went either way for the persistent interval. */
  | "persistent-keepalive";

/**
 * The timers of one peer, as data. Inputs are named for what happened; `takeDue` says what to do.
 * Times are monotonic milliseconds; a timer that is not set is at `Infinity`.
 *
 * Spec: WG 6.
 */
export class Timers {
  readonly #persistentKeepaliveMs: number;
  readonly #drawJitterMs: () => number;
  /** Drawn once per initiation and not per packet, which is as unpredictable and costs nothing. */
  #jitterMs: number;
  #retransmitAtMs = Infinity;
  #attemptsEndAtMs = Infinity;
  #keepaliveAtMs = Infinity;
  #newHandshakeAtMs = Infinity;
  #wipeAtMs = Infinity;
  #persistentAtMs = Infinity;

  /** `persistentKeepaliveMs` 0 is off; `drawJitterMs` returns a random delay for retransmission. */
  constructor(o: { persistentKeepaliveMs: number; drawJitterMs: () => number }) {
    this.#persistentKeepaliveMs = o.persistentKeepaliveMs;
    this.#drawJitterMs = o.drawJitterMs;
    this.#jitterMs = o.drawJitterMs();
  }

  /** Whether an initiation waits for its answer or for its turn. */
  get isHandshakeUnderWay(): boolean {
    return this.#retransmitAtMs !== Infinity;
  }

  /** The time of the earliest timer. */
  nextDeadlineMs(): number {
    return Math.min(
      this.#retransmitAtMs,
      this.#keepaliveAtMs,
      this.#newHandshakeAtMs,
      this.#wipeAtMs,
      this.#persistentAtMs,
    );
  }

  /** Non-empty data was sent: an answer of some kind is due. */
  dataSent(nowMs: number): void {
    if (this.#newHandshakeAtMs !== Infinity) return;
    this.#newHandshakeAtMs = nowMs + KEEPALIVE_TIMEOUT_MS + REKEY_TIMEOUT_MS + this.#jitterMs;
  }

  /** Non-empty data was received: the peer waits for an answer of some kind. */
  dataReceived(nowMs: number): void {
    if (this.#keepaliveAtMs === Infinity) this.#keepaliveAtMs = nowMs + KEEPALIVE_TIMEOUT_MS;
  }

  /** Any message but a cookie reply was sent. */
  messageSent(nowMs: number): void {
    this.#keepaliveAtMs = Infinity;
    this.#traversed(nowMs);
  }

  /** Any authentic message but a cookie reply was received. */
  messageReceived(nowMs: number): void {
    this.#newHandshakeAtMs = Infinity;
    this.#traversed(nowMs);
  }

  /** A handshake is wanted for a reason other than the retransmission timer. */
  handshakeWanted(nowMs: number): void {
    this.#attemptsEndAtMs = nowMs + REKEY_ATTEMPT_TIME_MS;
  }

  /** A wanted initiation has to wait, since the last handshake message was sent at `lastMs`. */
  initiationDeferred(lastMs: number): void {
    if (this.isHandshakeUnderWay) return;
    this.#retransmitAtMs = lastMs + REKEY_TIMEOUT_MS + this.#jitterMs;
  }

  /** An initiation was sent. */
  initiationSent(nowMs: number): void {
    this.#jitterMs = this.#drawJitterMs();
    this.#retransmitAtMs = nowMs + REKEY_TIMEOUT_MS + this.#jitterMs;
  }

  /** A session was derived, in either role. */
  sessionDerived(nowMs: number): void {
    this.#wipeAtMs = nowMs + 3 * REJECT_AFTER_TIME_MS;
  }

  /** A session is confirmed, in either role: nothing is left to repeat. */
  handshakeCompleted(): void {
    this.#retransmitAtMs = Infinity;
    this.#attemptsEndAtMs = Infinity;
  }

  /** Clears all. */
  clear(): void {
    this.#retransmitAtMs = this.#keepaliveAtMs = this.#newHandshakeAtMs = Infinity;
    this.#wipeAtMs = this.#persistentAtMs = this.#attemptsEndAtMs = Infinity;
  }

  /** Clears one timer that is due and returns its action; `undefined` if none is due. */
  takeDue(nowMs: number): TimerAction | undefined {
    if (this.#retransmitAtMs <= nowMs) return this.#takeRetransmit(nowMs);
    if (this.#keepaliveAtMs <= nowMs) {
      this.#keepaliveAtMs = Infinity;
      return "keepalive";
    }
    if (this.#newHandshakeAtMs <= nowMs) {
      this.#newHandshakeAtMs = Infinity;
      return "new-handshake";
    }
    if (this.#wipeAtMs <= nowMs) {
      this.#wipeAtMs = Infinity;
      return "wipe-keys";
    }
    if (this.#persistentAtMs <= nowMs) {
      this.#persistentAtMs = Infinity;
      return "persistent-keepalive";
    }
    return undefined;
  }

  #takeRetransmit(nowMs: number): TimerAction {
    this.#retransmitAtMs = Infinity;
    if (nowMs < this.#attemptsEndAtMs) return "retransmit";
    this.#attemptsEndAtMs = Infinity;
    this.#keepaliveAtMs = Infinity;
    return "give-up";
  }

  #traversed(nowMs: number): void {
    if (this.#persistentKeepaliveMs === 0) return;
    this.#persistentAtMs = nowMs + this.#persistentKeepaliveMs;
  }
}
