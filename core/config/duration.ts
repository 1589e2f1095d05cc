const UNIT_MS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  "µs": 1e-3,
  "μs": 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

const PART = /(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)/y;

/**
 * Milliseconds of a duration written as Go writes it, as `30s`, `1m30s` or `-1.5h`; a bare `0` is
 * zero. Undefined if `text` is none.
 *
 * Spec: hub-api.md 5.1 (`shutdownTimeout`).
 */
export function parseDuration(text: string): number | undefined {
  const unsigned = text.replace(/^[+-]/, "");
  if (unsigned === "0") return 0;
  let totalMs = 0;
  PART.lastIndex = 0;
  while (PART.lastIndex < unsigned.length) {
    const part = PART.exec(unsigned);
    if (part === null) return undefined;
    totalMs += Number(part[1]) * UNIT_MS[part[2]!]!;
  }
  if (unsigned === "") return undefined;
  return text.startsWith("-") ? -totalMs : totalMs;
}
