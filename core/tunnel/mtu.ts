/** Smallest MTU that may be configured: what every IPv4 host takes. Spec: RFC 9293 §3.7.1 */
export const MIN_MTU_BYTES = 576;

/**
 * Largest MTU, and the one used unless configured otherwise: the WebSocket is a stream and carries
 * such packets whole, at a fifth of the cost per byte. A peer that takes less says so in the MSS of
 * its SYN, as one with the reference's 1,100 does, and is sent no more.
 *
 * Deviation from wire.md 3.4 (default 1100), which no peer can see: the MTU is never negotiated.
 */
export const MAX_MTU_BYTES = 16_384;
