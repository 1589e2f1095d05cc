import { UsageError } from "../../core/cli/mod.ts";

const UNIT_SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** Longest lifetime of a pairing code. Spec: hub-api.md 3 */
const MAX_SECONDS = 7 * 86_400;

/**
 * The whole seconds of a lifetime such as `10m`, `1h30m` or `1.5d`.
 *
 * Spec: client.md 1.3 (`-expires` of pair-code)
 *
 * @throws {UsageError} if it is of another form, not above 0, or more than 7 days
 */
export function parseLifetimeSeconds(text: string): number {
  if (!/^(\d+(\.\d+)?[smhd])+$/.test(text)) {
    throw new UsageError(`Invalid -expires "${text}": must be as 10m, 1h30m or 2d`);
  }
  let seconds = 0;
  for (const [, count, unit] of text.matchAll(/(\d+(?:\.\d+)?)([smhd])/g)) {
    seconds += Number(count) * UNIT_SECONDS[unit!]!;
  }
  seconds = Math.round(seconds);
  if (seconds < 1 || seconds > MAX_SECONDS) {
    throw new UsageError(`Invalid -expires "${text}": must be from 1 s to 7 days`);
  }
  return seconds;
}

const RFC3339 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$/i;

/**
 * When a token ends, as RFC 3339 in UTC: from such a text, or from `30d`, `2w` or `1y` counted in the
 * calendar from `nowMs`, milliseconds since 1970.
 *
 * Spec: client.md 1.3 (`-expires` of tokens)
 *
 * @throws {UsageError} if it is of another form
 */
export function parseExpiry(text: string, nowMs: number): string {
  const [, count, unit] = /^(\d{1,5})([dwy])$/.exec(text) ?? [];
  const date = new Date(nowMs);
  if (unit === "d") date.setUTCDate(date.getUTCDate() + Number(count));
  else if (unit === "w") date.setUTCDate(date.getUTCDate() + 7 * Number(count));
  else if (unit === "y") date.setUTCFullYear(date.getUTCFullYear() + Number(count));
  else date.setTime(RFC3339.test(text) ? Date.parse(text) : NaN);
  if (Number.isNaN(date.getTime())) {
    throw new UsageError(
      `Invalid -expires "${text}": must be as 30d, 2w, 1y or 2027-01-31T12:00:00Z`,
    );
  }
  return date.toISOString().replace(/\.\d+Z$/, "Z");
}
