import type { Clock } from "../clock/mod.ts";

/** Writes one event to the log of a program. */
export interface Log {
  /** Writes `text` as one line under this log's component. Line breaks in it become spaces. */
  (text: string): void;
  /** The same log under another component, as `telad:barn`. */
  for(component: string): Log;
}

/** Longest text of a line, in UTF-16 code units: what a peer says may be in it, and lines are kept. */
const MAX_TEXT_LENGTH = 2000;

/** Options of {@linkcode createLog}. */
export interface LogOptions {
  /** Name in brackets before each line. */
  component: string;
  /** Receives each finished line, without its line feed. */
  write: (line: string) => void;
  /** Gives the time stamp. */
  clock: Clock;
}

/** `2026-08-01T09:00:00Z`: RFC 3339, UTC, whole seconds. */
export function formatTime(wallMs: number): string {
  return new Date(wallMs).toISOString().slice(0, 19) + "Z";
}

function shorten(text: string): string {
  return text.length <= MAX_TEXT_LENGTH
    ? text
    : `${text.slice(0, MAX_TEXT_LENGTH).toWellFormed()}…`;
}

/**
 * A log of lines `<RFC 3339 UTC> [<component>] <text>`. A text that already begins with `[` keeps
 * its own prefix. Control characters, which could forge lines or drive a terminal, become spaces; a
 * text of more than 2000 characters is cut.
 *
 * Spec: agent.md 8, client.md 1.0, hub-api.md 5.3 (log line).
 */
export function createLog({ component, write, clock }: LogOptions): Log {
  let stamp = { second: NaN, text: "" };
  const stampOf = (wallMs: number) => {
    const second = Math.floor(wallMs / 1000);
    if (second !== stamp.second) stamp = { second, text: formatTime(wallMs) };
    return stamp.text;
  };
  const log = (text: string) => {
    // deno-lint-ignore no-control-regex -- control characters are what must not get through
    const clean = shorten(text).replace(/[\x00-\x1f\x7f-\x9f]+/g, " ").trimEnd();
    const prefixed = clean.startsWith("[") ? clean : `[${component}] ${clean}`;
    write(`${stampOf(clock.wallMs())} ${prefixed}`);
  };
  return Object.assign(log, {
    for: (other: string) => createLog({ component: other, write, clock }),
  });
}
