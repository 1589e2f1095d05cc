/**
 * Why an operation on a connection or listener failed:
 *
 * - `refused`: the peer answered the SYN with a reset; nothing listens on the port
 * - `reset`: the peer reset the connection
 * - `timed-out`: the peer did not answer in time
 * - `aborted`: this end reset the connection, or a signal stopped the attempt
 * - `closed`: this end had closed the connection, the listener or the stack before
 * - `limit`: a table of the stack is full
 * - `in-use`: the port has a listener
 */
export type TcpErrorCode =
  | "refused"
  | "reset"
  | "timed-out"
  | "aborted"
  | "closed"
  | "limit"
  | "in-use";

/** A failure of a connection or listener that callers may want to handle. */
export class TcpError extends Error {
  /** Name of the class. */
  override readonly name = "TcpError";
  /** What happened. */
  readonly code: TcpErrorCode;

  /** Makes the error for `code`; `options.cause` is kept. */
  constructor(code: TcpErrorCode, options: { action: string; reason: string; cause?: unknown }) {
    super(`Cannot ${options.action}: ${options.reason}`, { cause: options.cause });
    this.code = code;
  }
}

const REASONS: Record<TcpErrorCode, string> = {
  refused: "the peer refused the connection",
  reset: "the peer reset the connection",
  "timed-out": "the peer did not answer in time",
  aborted: "the connection was aborted here",
  closed: "it was closed here before",
  limit: "a table of the stack is full",
  "in-use": "the port has a listener",
};

/** The error for `code` while trying to `action`. */
export function tcpError(code: TcpErrorCode, action: string, cause?: unknown): TcpError {
  return new TcpError(code, { action, reason: REASONS[code], cause });
}
