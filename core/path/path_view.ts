import type { PathKind } from "./kind.ts";

/** A path is worth a change if it carries so much more, or answers so much faster. */
export const BETTER_BY = 1.15;

/** Round trips that differ by less, in ms, are equal: schedulers alone make as much. */
const RTT_NOISE_MS = 2;

/** How many round trips one lost packet costs: 5 % of loss doubles the price of a path. */
const LOSS_PRICE = 20;

/** Share of lost packets that a clean path does not reach: TCP's own search for room loses less. */
const CLEAN_LOSS = 0.005;

/**
 * A question behind the data of a transfer may take so much longer than without, in ms, or as much
 * again: the WebSocket's 512 KiB and the kernel's buffers are drained as fast at 100 Mbit/s.
 */
const CLEAN_GROWTH_MS = 50;

/** What is known of a path. */
export interface PathView {
  /** Its name. */
  kind: PathKind;
  /** Smoothed round trip in ms; NaN until measured. */
  rttMs: number;
  /** How much round trips vary, in ms. */
  noiseMs: number;
  /** Share of packets lost, 0 to 1. */
  loss: number;
  /** Round trip behind the data of the transfer that goes on, in ms; undefined if not measured. */
  loadedMs: number | undefined;
  /** Whether enough is known of it: its round trip, and how large its packets can be. */
  isSettled: boolean;
}

/**
 * Whether `a` answers faster than `b` by 15 %, by 2 ms, and by more than either varies, a
 * loss being so many round trips. False if either is not measured.
 */
export function isFaster(a: PathView, b: PathView): boolean {
  const [priceA, priceB] = [priceOf(a), priceOf(b)];
  const margin = Math.max(RTT_NOISE_MS, a.noiseMs, b.noiseMs);
  return priceB > BETTER_BY * priceA && priceB - priceA > margin;
}

/** Whether a path shows under a transfer that another might carry more: it loses or it queues. */
export function suffers({ rttMs, loss, loadedMs }: PathView): boolean {
  if (loss > CLEAN_LOSS) return true;
  return loadedMs !== undefined && loadedMs - rttMs > Math.max(CLEAN_GROWTH_MS, rttMs);
}

function priceOf({ rttMs, loss }: PathView): number {
  return rttMs * (1 + LOSS_PRICE * loss);
}
