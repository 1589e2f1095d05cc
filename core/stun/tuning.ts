/**
 * Requests sent to a server that does not answer: after 0, 0.5, 1.5, 3.5 and 7.5 s. RFC 8489 §6.2.1
 * proposes 7, over 39.5 s, which is longer than anyone waits for a direct path.
 */
export const MAX_REQUESTS = 5;

/** Servers asked at once; more are not. */
export const MAX_SERVERS = 8;
