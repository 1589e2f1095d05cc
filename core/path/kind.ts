/** What carries the packets of a tunnel. */
export type PathKind = "direct" | "udp-relay" | "websocket";

/** All kinds, in the order of their numbers in path messages, which begin at 1. */
export const PATH_KINDS: readonly PathKind[] = ["websocket", "udp-relay", "direct"];
