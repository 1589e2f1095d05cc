import type { ScriptEvent, SegmentSpec } from "./script.ts";
import type { Bases, SentSegment } from "./wire.ts";

/** An application call of a script. */
export type CallEvent = Extract<ScriptEvent, { kind: "call" }>;

/** A line of a script that looks at the state of this end. */
export type LookEvent = Extract<
  ScriptEvent,
  { kind: "state" | "readable" | "eof" | "unacked" | "fails" }
>;

/** What a script runs against: one connection, or a whole stack. */
export interface Host {
  /** What relative numbers count from now. */
  readonly bases: Bases;
  /** Sum over the pseudo-header without the length, the same in both directions. */
  readonly pseudoSum: number;
  /** Segments sent and not yet looked at by the runner, which takes them. */
  readonly sent: SentSegment[];
  /** Lets time pass to `untilMs`, with every timer at its time. */
  advance(untilMs: number): Promise<void> | void;
  /** The peer's segment arrives; `held` if the next one is in the same batch. */
  inject(segment: SegmentSpec, held: boolean): Promise<void> | void;
  /** The application calls. @throws {ScriptError} if the call does not do what the line says */
  call(event: CallEvent): Promise<void> | void;
  /** @throws {ScriptError} if this end is not as the line says */
  look(event: LookEvent): Promise<void> | void;
}
