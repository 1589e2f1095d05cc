import type { MachineAcl, TokenEntry } from "../config/mod.ts";
import type { AccessState, Outcome, Refusal } from "./state.ts";

/** Time of day in tests. */
export const NOW = Date.UTC(2026, 7, 1);

/** A state with these identities and machines, every version 1. */
export function state(
  tokens: readonly TokenEntry[],
  machines: Readonly<Record<string, MachineAcl>> = {},
): AccessState {
  return { auth: { tokens, machines: new Map(Object.entries(machines)) }, versions: new Map() };
}

/** The state after an operation that must have been done. */
export function done<T>(outcome: Outcome<T>): { state: AccessState; value: T } {
  if (!outcome.done) throw new Error(`Refused: ${outcome.refusal.message}`);
  return outcome;
}

/** Why an operation, which must leave the state as it was, was refused. */
export function refused(before: AccessState, outcome: Outcome<unknown>): Refusal["code"] {
  if (outcome.done) throw new Error("Done, although it must be refused");
  if (outcome.state !== before) throw new Error("A refusal has changed the state");
  return outcome.refusal.code;
}
