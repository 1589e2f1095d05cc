import { formatTime } from "../../core/log/mod.ts";

const UNITS = ["B", "KB", "MB", "GB", "TB"] as const;

/** `1.5 MB`: multiples of 1024 with one decimal, whole bytes below. */
export function formatBytes(bytes: number): string {
  const power = Math.min(Math.floor(Math.log2(Math.max(bytes, 1)) / 10), UNITS.length - 1);
  return power === 0 ? `${bytes} B` : `${(bytes / 1024 ** power).toFixed(1)} ${UNITS[power]}`;
}

/** `93.2 Mbit/s`; `-` where nothing was measured. */
export function formatRate(bitsPerSecond: number | undefined): string {
  return bitsPerSecond === undefined ? "-" : `${(bitsPerSecond / 1e6).toFixed(1)} Mbit/s`;
}

/** `12.5 ms`; `-` where nothing was measured. */
export function formatRtt(rttMs: number | undefined): string {
  return rttMs === undefined ? "-" : `${rttMs.toFixed(1)} ms`;
}

/** `0.4 %`; `-` where nothing was measured. */
export function formatLoss(loss: number | undefined): string {
  return loss === undefined ? "-" : `${(loss * 100).toFixed(1)} %`;
}

/** `2026-08-01T09:00:00Z (0.4 s ago)`: the time is what counts, how long ago a help. */
export function formatHeard(agoMs: number | undefined, nowWallMs: number): string {
  if (agoMs === undefined) return "-";
  return `${formatTime(nowWallMs - agoMs)} (${(agoMs / 1000).toFixed(1)} s ago)`;
}
