import type { Process } from "../rig/mod.ts";
import type { RoundTrips } from "../bench/measure.ts";
import type { Transfer } from "./measure.ts";

/** Lines of each program's log that a failure shows. */
const TAIL_LINES = 15;

const NAME_COLUMNS = 12;
const TEXT_COLUMNS = 14;

/** One line of the report: a name, then columns. */
export function item(name: string, ...texts: string[]): string {
  const columns = texts.map((text) => text.padEnd(TEXT_COLUMNS)).join("");
  return `  ${name.padEnd(NAME_COLUMNS)}${columns}`.trimEnd();
}

/** A transfer as a line of the report. */
export function transferItem(name: string, { lengthBytes, elapsedMs, hash }: Transfer): string {
  const mebibytes = `${lengthBytes / 1024 / 1024} MiB`;
  const mbit = `${Math.round(lengthBytes * 8 / elapsedMs / 1000)} Mbit/s`;
  return item(name, mebibytes, mbit, `SHA-256 equal, ${hash.slice(0, 12)}...`);
}

/** Round trips as a line of the report. */
export function roundTripItem({ p50Ms, p99Ms }: RoundTrips): string {
  return item("round trip", `p50 ${p50Ms.toFixed(2)} ms`, `p99 ${p99Ms.toFixed(2)} ms`);
}

/** The first line of an error's message, and of its cause's if there is one. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const first = error.message.split("\n")[0]!;
  return error.cause instanceof Error ? `${first}: ${reasonOf(error.cause)}` : first;
}

/** What went wrong, where, and the last lines of each program. */
export function failureReport(
  step: string,
  { error, processes }: { error: unknown; processes: readonly Process[] },
): string {
  const logs = processes.map((process) => {
    const lines = process.tail(TAIL_LINES);
    const text = lines.length > 0 ? lines.map((line) => `  ${line}`).join("\n") : "  (nothing)";
    return `\nLast lines of the ${process.name}:\n${text}\n`;
  });
  return `Error: the demo failed while ${step}: ${reasonOf(error)}\n${logs.join("")}`;
}
