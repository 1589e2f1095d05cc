import type { HandshakeFailure } from "./handshake.ts";

/** Why a received message was dropped. */
export type DropReason =
  /** Handshake failures: a low-order key, a wrong tag, or a good message of someone else. */
  | HandshakeFailure
  /** Unknown type, reserved bytes set, or a length its type does not have. */
  | "malformed"
  /** The sender does not know our public key. */
  | "bad-mac1"
  /** Under load, without a valid cookie; a cookie reply was sent. */
  | "cookie-required"
  /** Over the rate of cookie replies, sent or opened; under load also over the rate of its source. */
  | "rate-limited"
  /** For no session and no handshake of ours. */
  | "unknown-index"
  /** An initiation with a timestamp not later than the last. */
  | "replayed-initiation"
  /** An authentic initiation too soon after the last. */
  | "flood"
  /** Data of a session older than 180 s. */
  | "expired"
  /** Data with a counter at the limit of a session. */
  | "counter-spent"
  /** Data with a counter received before or behind the window. */
  | "replayed"
  /** The instance is closed. */
  | "closed";

/** What became of a received message: accepted as one of the first four, or dropped. */
export type ReceiveResult = "data" | "keepalive" | "handshake" | "cookie" | DropReason;

/** Messages that can be sent. */
export type SentKind = "data" | "keepalive" | "initiation" | "response" | "cookie";

/** Why an outgoing packet was dropped: queue full, no session for 90 s, or closed. */
export type SendDropReason = "staged-full" | "gave-up" | "closed";

/** Counters since creation; to be read, never written, by others. Times are monotonic. */
export interface WireGuardStats {
  /** Messages received, by what became of them. */
  readonly received: Readonly<Record<ReceiveResult, number>>;
  /** Messages sent. */
  readonly sent: Readonly<Record<SentKind, number>>;
  /** Outgoing packets dropped. */
  readonly sendDropped: Readonly<Record<SendDropReason, number>>;
  /** Bytes of inner packets received, padding included. */
  readonly receivedBytes: number;
  /** Bytes of inner packets sent, without padding. */
  readonly sentBytes: number;
  /** Sessions that were confirmed, in either role. */
  readonly sessions: number;
  /** When the last session was confirmed; `-Infinity` if none was. */
  readonly lastSessionMs: number;
  /** When the last authentic message came, other than a cookie reply; `-Infinity` if none did. */
  readonly lastReceivedMs: number;
}

/** {@linkcode WireGuardStats} as its one writer sees it. */
export type MutableStats = {
  -readonly [K in keyof WireGuardStats]: WireGuardStats[K] extends number ? number
    : { -readonly [R in keyof WireGuardStats[K]]: number };
};

/** All counters at zero. */
export function createStats(): MutableStats {
  return {
    received: {
      data: 0,
      keepalive: 0,
      handshake: 0,
      cookie: 0,
      malformed: 0,
      "low-order": 0,
      unauthentic: 0,
      "wrong-peer": 0,
      "bad-mac1": 0,
      "cookie-required": 0,
      "rate-limited": 0,
      "unknown-index": 0,
      "replayed-initiation": 0,
      flood: 0,
      expired: 0,
      "counter-spent": 0,
      replayed: 0,
      closed: 0,
    },
    sent: { data: 0, keepalive: 0, initiation: 0, response: 0, cookie: 0 },
    sendDropped: { "staged-full": 0, "gave-up": 0, closed: 0 },
    receivedBytes: 0,
    sentBytes: 0,
    sessions: 0,
    lastSessionMs: -Infinity,
    lastReceivedMs: -Infinity,
  };
}
