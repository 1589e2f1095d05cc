import { printable } from "./table.ts";

/** The command line is wrong: an unknown flag, a missing argument, a value of the wrong form. */
export class UsageError extends Error {
  /** The name of the class. */
  override readonly name: string = "UsageError";
  /** Exit code of a program that ends because of it. */
  readonly exitCode = 2;
}

/** 0 success, 1 failure at run time, 2 wrong usage, 3 wrong configuration. */
export type ExitCode = 0 | 1 | 2 | 3;

/**
 * The exit code that stands for `error`: its own `exitCode` if that is 2 or 3, as the errors of
 * `core/config` also have, else 1.
 */
export function exitCodeOf(error: unknown): ExitCode {
  const own = error instanceof Error && "exitCode" in error ? error.exitCode : undefined;
  return own === 2 || own === 3 ? own : 1;
}

function messagesOf(error: unknown): string[] {
  const messages: string[] = [];
  const seen = new Set<unknown>();
  for (let e = error; e !== undefined && e !== null && !seen.has(e);) {
    seen.add(e);
    messages.push(e instanceof Error ? e.message || e.name : String(e));
    e = e instanceof Error ? e.cause : undefined;
  }
  return messages.length === 0 ? ["unknown"] : messages;
}

/** An ordinary word loses its capital after the prefix; `MTU` and `WebSocket` keep theirs. */
function continued(message: string): string {
  return message.replace(/^[A-Z](?=[a-z']*(?:[ :,]|$))/, (letter) => letter.toLowerCase());
}

/**
 * The line that reports `error`: `Error: could not …`, one line, no final stop, no line feed. Only
 * the outermost message, unless `verbose` asks for the chain of causes behind it.
 *
 * Spec: client.md 7 (error wording)
 */
export function errorLine(error: unknown, { verbose }: { verbose: boolean }): string {
  const messages = messagesOf(error).map((text) => printable(text).trim().replace(/\.+$/, ""));
  const shown = verbose ? messages.join(": ") : messages[0]!;
  return `Error: ${continued(shown)}`;
}
