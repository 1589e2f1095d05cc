/** Largest IP packet in the tunnel unless configured otherwise. Spec: wire.md 3.4 */
export const DEFAULT_MTU_BYTES = 1100;

/** Smallest that may be configured: what every IPv4 host takes. Spec: RFC 9293 §3.7.1 */
export const MIN_MTU_BYTES = 576;

/** Largest that may be configured. Only a stream carries it whole; each end sets its own. */
export const MAX_MTU_BYTES = 16_384;
