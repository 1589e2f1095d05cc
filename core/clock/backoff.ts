import type { Random } from "../bytes/mod.ts";

const FIRST_DELAY_MS = 3_000;
const MAX_DELAY_MS = 300_000;
const MIN_DELAY_MS = 1_000;
/** Uniform spread either way, so that peers of a hub that restarts do not all return at once. */
const JITTER = 0.25;

/** For as long as someone waits: a hub that comes back is found within 3 s, and asked seldom. */
const RESUME_DELAYS_MS = [0, 200, 500, 1_000, 2_000, 3_000] as const;

/** What {@linkcode backoffDelayMs} and {@linkcode resumeDelayMs} decide by. */
export interface BackoffOptions {
  /** Failures in a row before this one: 0 after a session that really came up. */
  attempt: number;
  /** Gives the jitter. */
  random: Random;
}

/**
 * How long to wait before the next dial, in milliseconds: 3 s, 6 s, 12 s … 300 s, each 25 % more
 * or less at random, never under 1 s.
 *
 * Spec: wire.md 3.2, client.md 2.4
 */
export function backoffDelayMs({ attempt, random }: BackoffOptions): number {
  const baseMs = Math.min(FIRST_DELAY_MS * 2 ** attempt, MAX_DELAY_MS);
  return Math.max(MIN_DELAY_MS, spread(baseMs, random));
}

/**
 * How long to wait before the next dial while connections wait for it, in milliseconds: not at all,
 * then 0.2, 0.5, 1, 2, 3, 3 s …, each 25 % more or less at random.
 */
export function resumeDelayMs({ attempt, random }: BackoffOptions): number {
  return spread(RESUME_DELAYS_MS[Math.min(attempt, RESUME_DELAYS_MS.length - 1)]!, random);
}

function spread(baseMs: number, random: Random): number {
  const bytes = new Uint8Array(4);
  random(bytes);
  const unit = new DataView(bytes.buffer).getUint32(0) / 0xffff_ffff;
  return baseMs * (1 + JITTER * (2 * unit - 1));
}
