import assert from "node:assert/strict";
import { UsageError } from "../../core/cli/mod.ts";
import { parseExpiry, parseLifetimeSeconds } from "./duration.ts";

Deno.test("parseLifetimeSeconds() reads durations up to 7 days and nothing else", () => {
  const cases: [string, number][] = [
    ["10m", 600],
    ["90s", 90],
    ["1h30m", 5400],
    ["1.5d", 129_600],
    ["7d", 604_800],
  ];
  for (const [text, seconds] of cases) assert.equal(parseLifetimeSeconds(text), seconds);
  for (const text of ["", "10", "m", "0s", "8d", "-1m", "1w", "1 h", "1e3s"]) {
    assert.throws(() => parseLifetimeSeconds(text), UsageError, text);
  }
});

Deno.test("parseExpiry() counts in the calendar and takes RFC 3339", () => {
  const nowMs = Date.parse("2027-12-31T10:20:30Z");
  const cases: [string, string][] = [
    ["1d", "2028-01-01T10:20:30Z"],
    ["2w", "2028-01-14T10:20:30Z"],
    ["1y", "2028-12-31T10:20:30Z"],
    ["2027-01-31T12:00:00+02:00", "2027-01-31T10:00:00Z"],
  ];
  for (const [text, expiry] of cases) assert.equal(parseExpiry(text, nowMs), expiry);
  for (const text of ["", "1h", "d", "tomorrow", "2027-01-31", "2027-13-01T00:00:00Z"]) {
    assert.throws(() => parseExpiry(text, nowMs), UsageError, text);
  }
});
