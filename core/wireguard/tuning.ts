/** Constants of this implementation, which a peer cannot tell apart from others. */

/** Packets kept while no session exists; the oldest is dropped for a new one. As wireguard-go. */
export const MAX_STAGED_PACKETS = 128;

/**
 * Counters remembered by the replay window; a power of two. Reordering across batches on a fast path
 * reaches thousands of packets (wireguard-go and Linux remember as many).
 */
export const REPLAY_WINDOW_BITS = 8_192;

/** Longest random delay added to retransmissions, so that two peers do not stay in step. WG 6.1. */
export const MAX_JITTER_MS = 334;

/** An authentic initiation sooner than this after the last one is a flood. As wireguard-go. */
export const MIN_INITIATION_INTERVAL_MS = 20;

/**
 * Handshake messages with a valid mac1 within one second from which on a valid mac2 is demanded. One
 * costs about 3 ms of X25519 here, so this caps unproven senders at about 6 % of a core.
 */
export const LOAD_MESSAGES_PER_SECOND = 20;

/** The load is taken to last this long after the last message over the limit. As wireguard-go. */
export const LOAD_HOLD_MS = 1_000;

/** Handshake messages a second accepted from one source under load. As wireguard-go. */
export const SOURCE_MESSAGES_PER_SECOND = 20;

/** Handshake messages accepted at once from one source under load. As wireguard-go. */
export const SOURCE_BURST = 5;

/** Sources remembered under load; beyond it, new ones are refused until old ones are idle. */
export const MAX_SOURCES = 256;

/**
 * Cookie replies a second, those sent to all sources together, for each kind of message, and those
 * opened. One costs about 10 µs here either way, so a flood costs at most 1 % of a core for them.
 */
export const COOKIE_REPLY_RATE = { perSecond: 1_000, burst: 200 } as const;
