import type { PathKind } from "./kind.ts";
import type { Path } from "./path.ts";

/** So much in a tick is data of the peer, and not only acknowledgements, in bytes. */
const PEER_BYTES = 8 * 1024;

/** By one path comes nearly all. */
const NEARLY_ALL = 0.8;

/** What the peer sends is much more than ours: two ends that followed each other would never settle. */
const MUCH_MORE = 4;

/**
 * The path by which nearly all of the peer's data came since the last call, if it was much, and much
 * more than the `sentBytes` of ours; takes the counts.
 */
export function takePeerUses(paths: Iterable<Path>, sentBytes: number): PathKind | undefined {
  let totalBytes = 0;
  let most = { kind: undefined as PathKind | undefined, bytes: 0 };
  for (const path of paths) {
    const bytes = path.takeReceivedBytes();
    totalBytes += bytes;
    if (bytes > most.bytes) most = { kind: path.carrier.kind, bytes };
  }
  const leastBytes = Math.max(PEER_BYTES, NEARLY_ALL * totalBytes, MUCH_MORE * sentBytes);
  return most.bytes >= leastBytes ? most.kind : undefined;
}
