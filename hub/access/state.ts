import type { AuthConfig, TokenEntry } from "../config/mod.ts";

/** What operations change: the access part of the configuration, and how often each identity was. */
export interface AccessState {
  /** Who may do what. */
  readonly auth: AuthConfig;
  /** Version by id of the identity; one that is not here has version 1. */
  readonly versions: ReadonlyMap<string, number>;
}

/** Why an operation was not done. */
export interface Refusal {
  /** For programs. */
  readonly code: "exists" | "last-owner" | "no-grant" | "not-found" | "stale";
  /** For people: what cannot be done, and what to do instead. */
  readonly message: string;
}

/** The state after an operation, or why it is as before. */
export type Outcome<T> =
  | { readonly done: true; readonly state: AccessState; readonly value: T }
  | { readonly done: false; readonly state: AccessState; readonly refusal: Refusal };

/** A version that the identity must still have; undefined if any will do. Spec: hub-api.md 1.2 */
export interface Precondition {
  /** As in `If-Match`. */
  readonly ifVersion?: number | undefined;
}

/** How often an identity has been changed, plus 1. */
export function versionOf(state: AccessState, id: string): number {
  return state.versions.get(id) ?? 1;
}

/** The entry of an identity and its position; undefined if there is none. */
export function findIdentity(
  { auth }: AccessState,
  id: string,
): { readonly entry: TokenEntry; readonly at: number } | undefined {
  const at = auth.tokens.findIndex((entry) => entry.id === id);
  const entry = auth.tokens[at];
  return entry && { entry, at };
}

/** True if the token is neither revoked nor past its end. Spec: hub-api.md 2 (state) */
export function isValid({ revokedAtMs, expiresAtMs }: TokenEntry, wallMs: number): boolean {
  return revokedAtMs === undefined && wallMs <= (expiresAtMs ?? Infinity);
}

/** The outcome that nothing was done. */
export function refuse(
  state: AccessState,
  code: Refusal["code"],
  message: string,
): { readonly done: false; readonly state: AccessState; readonly refusal: Refusal } {
  return { done: false, state, refusal: { code, message } };
}

/** The refusal of an operation on an identity that does not exist. */
export function notFound(state: AccessState, id: string): Outcome<never> {
  return refuse(state, "not-found", `no identity ${JSON.stringify(id)}; list them to see the ids`);
}

/** The refusal of an operation on an identity that somebody has changed; undefined if nobody has. */
export function stale(
  state: AccessState,
  { id, ifVersion }: Precondition & { readonly id: string },
): Outcome<never> | undefined {
  const version = versionOf(state, id);
  if (ifVersion === undefined || ifVersion === version) return undefined;
  const message = `identity ${JSON.stringify(id)} has version ${version}, not ${ifVersion}: ` +
    "somebody changed it; look at it again and repeat";
  return refuse(state, "stale", message);
}

/** The state with a new access part, and the version of an identity counted up. */
export function changed(state: AccessState, { id, auth }: {
  readonly id: string;
  readonly auth: AuthConfig;
}): { readonly state: AccessState; readonly version: number } {
  const version = versionOf(state, id) + 1;
  return { state: { auth, versions: new Map(state.versions).set(id, version) }, version };
}
