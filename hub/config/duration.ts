const UNITS_MS = new Map([
  ["ns", 1e-6],
  ["us", 1e-3],
  ["µs", 1e-3],
  ["ms", 1],
  ["s", 1000],
  ["m", 60_000],
  ["h", 3_600_000],
]);

/**
 * Milliseconds of a duration text such as `30s`, `1m30s` or `1.5h`; undefined if it is none.
 * `0` needs no unit; a sign may lead.
 *
 * Spec: hub-api.md 5.1 (`shutdownTimeout` is a duration string).
 */
export function parseDuration(text: string): number | undefined {
  const match = /^([+-]?)((?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|ms|s|m|h))+$/.exec(text);
  if (match === null) return /^[+-]?0$/.test(text) ? 0 : undefined;
  let totalMs = 0;
  for (const [, number, unit] of text.matchAll(/(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h)/g)) {
    totalMs += Number(number) * UNITS_MS.get(unit!)!;
  }
  return match[1] === "-" ? -totalMs : totalMs;
}
