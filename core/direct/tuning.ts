/** Addresses of the peer that are tried at once, and of our own that are announced. */
export const MAX_CANDIDATES = 16;

/** Addresses tried beyond those, because authentic messages came from there. */
export const MAX_HEARD = 4;

/** Addresses of interfaces that are announced; what STUN found comes on top. */
export const MAX_HOSTS = 10;

/**
 * When a candidate of our own peers is probed, milliseconds after it became known. The late ones cover
 * a peer that starts seconds later: its first probe then finds our side of the hole open.
 */
export const PROBE_OFFSETS_MS: readonly number[] = [
  ...[0, 100, 200, 400, 800],
  ...[1_600, 2_400, 3_200, 4_000, 4_800],
];

/** Punches towards a reference peer for each probe: one probe in 500 ms. */
export const PUNCHES_PER_PROBE = 5;

/** After the last shot of an attempt, the wait for answers to it, milliseconds. */
export const LAST_ANSWER_MS = 1_000;

/**
 * Shots at addresses that have not answered: 16 candidates with 10 probes each fit into the burst, and
 * whoever names victims instead gets 5 small packets a second for all of them.
 */
export const SHOT_BURST = 200;

/** Shots regained each second. */
export const SHOTS_PER_SECOND = 5;

/** Punches of strangers that are answered in the same way, one for one. */
export const ANSWER_BURST = 100;

/** Announcements, and those regained each second: a peer that makes up news gets no more of ours. */
export const ANNOUNCE_BURST = 20;
export const ANNOUNCEMENTS_PER_SECOND = 1;

/** A peer's word is no reason to begin again sooner, milliseconds. */
export const MIN_RESTART_MS = 2_000;

/** When a path in doubt is probed, milliseconds after the doubt. */
export const DOUBT_OFFSETS_MS: readonly number[] = [0, 250, 500, 1_000, 1_500];

/** A path in doubt that has not answered by then is left, milliseconds; at least 4 round trips. */
export const DOUBT_MS = 2_000;

/** After an attempt in vain, milliseconds; then twice as long each time. */
export const FIRST_RETRY_MS = 15_000;

/** The longest wait between two attempts, milliseconds. */
export const MAX_RETRY_MS = 600_000;

/** Spread of each wait, either way, so that the two ends do not keep missing each other. */
export const RETRY_JITTER = 0.2;

/** A path that lasted so long was a good one: the waits begin anew, milliseconds. */
export const STABLE_MS = 60_000;

/** Answers of STUN older than that are asked for again before an attempt, milliseconds. */
export const STUN_FRESH_MS = 20_000;

/** A path is changed for a better one only if the round trip falls below this share, */
export const BETTER_SHARE = 0.8;

/** and by at least so much, milliseconds: less is noise, most of all while programs warm up. */
export const BETTER_BY_MS = 5;
