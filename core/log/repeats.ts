import type { Clock } from "../clock/mod.ts";

/** How long the same text is counted instead of written again. */
const INTERVAL_MS = 10_000;

/** Texts that are remembered; the oldest is forgotten first. */
const MAX_TEXTS = 32;

/**
 * A writer of texts that may come by the thousand, such as the failures of connections: each is written
 * once in 10 s, and the next time with how often it has come meanwhile.
 */
export function withoutRepeats(log: (text: string) => void, clock: Clock): (text: string) => void {
  const seen = new Map<string, { sinceMs: number; more: number }>();
  return (text) => {
    const nowMs = clock.nowMs();
    const last = seen.get(text);
    if (last !== undefined && nowMs - last.sinceMs < INTERVAL_MS) {
      last.more++;
      return;
    }
    seen.delete(text);
    if (seen.size === MAX_TEXTS) seen.delete(seen.keys().next().value!);
    seen.set(text, { sinceMs: nowMs, more: 0 });
    log(last === undefined || last.more === 0 ? text : `${text} (${last.more} times more before)`);
  };
}
