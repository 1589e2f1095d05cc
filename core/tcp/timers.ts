/**
 * What the one main timer of a connection waits for. These exclude each other: there is something in
 * flight (`retransmit`, or before that `probe`), or something that may not be sent (`persist`), or neither.
 */
export type TimerKind =
  | "none"
  | "retransmit"
  | "probe"
  | "persist"
  | "keep-alive"
  | "fin-wait-2"
  | "time-wait";

/** The main timer of a connection. */
export class ConnectionTimer {
  /** What it waits for. */
  kind: TimerKind = "none";
  /** When it is due; `Infinity` if it waits for nothing. */
  atMs = Infinity;

  /** Whether it waits for an acknowledgement. */
  get waitsForAck(): boolean {
    return this.kind === "retransmit" || this.kind === "probe";
  }

  /** Starts it, replacing what it waited for. */
  start(kind: TimerKind, atMs: number): void {
    this.kind = kind;
    this.atMs = atMs;
  }

  /** Stops it. */
  stop(): void {
    this.kind = "none";
    this.atMs = Infinity;
  }
}
