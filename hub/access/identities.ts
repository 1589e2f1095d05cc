import type { Role, TokenEntry } from "../config/mod.ts";
import { withoutToken, withTokenReplaced } from "./acl.ts";
import {
  type AccessState,
  changed,
  findIdentity,
  isValid,
  notFound,
  type Outcome,
  type Precondition,
  refuse,
  stale,
  versionOf,
} from "./state.ts";

/** Which identity an operation is on, when, and under which condition. */
export interface Target extends Precondition {
  /** Id of the identity. */
  readonly id: string;
  /** Time of day, milliseconds since 1970. */
  readonly wallMs: number;
}

/** Would the hub have no valid owner left without this one? Spec: hub-api.md 2 (last owner) */
function isLastOwner({ auth }: AccessState, entry: TokenEntry, wallMs: number): boolean {
  const isOwner = (other: TokenEntry) => other.role === "owner" && isValid(other, wallMs);
  return isOwner(entry) && !auth.tokens.some((other) => other !== entry && isOwner(other));
}

function replaced(state: AccessState, at: number, entry: TokenEntry): AccessState["auth"] {
  return { ...state.auth, tokens: state.auth.tokens.with(at, entry) };
}

/** Adds an identity. Spec: hub-api.md 1.3. Refused: `exists` */
export function addIdentity(state: AccessState, { id, role, token, wallMs, expiresAtMs }: {
  readonly id: string;
  readonly role: Role;
  /** The raw token, made for it; a secret. */
  readonly token: string;
  readonly wallMs: number;
  readonly expiresAtMs?: number | undefined;
}): Outcome<{ readonly version: number }> {
  if (findIdentity(state, id) !== undefined) {
    const message = `identity ${JSON.stringify(id)} already exists; choose another id or rotate it`;
    return refuse(state, "exists", message);
  }
  const entry = { id, token, role, issuedAtMs: wallMs, expiresAtMs, revokedAtMs: undefined };
  const auth = { ...state.auth, tokens: [...state.auth.tokens, entry] };
  const versions = new Map(state.versions);
  versions.delete(id);
  return { done: true, state: { auth, versions }, value: { version: 1 } };
}

/**
 * Gives an identity another id, another role, or both; token and grants stay.
 *
 * Spec: hub-api.md 1.2 (PATCH). Refused: `not-found`, `stale`, `exists`, `last-owner`
 */
export function changeIdentity(
  state: AccessState,
  { id, newId = id, role, wallMs, ifVersion }: Target & {
    readonly newId?: string | undefined;
    readonly role?: Role | undefined;
  },
): Outcome<{ readonly version: number }> {
  const found = findIdentity(state, id);
  if (found === undefined) return notFound(state, id);
  const conflict = stale(state, { id, ifVersion });
  if (conflict !== undefined) return conflict;
  const { entry, at } = found;
  if (newId !== id && findIdentity(state, newId) !== undefined) {
    const message = `identity ${JSON.stringify(newId)} already exists; choose another id`;
    return refuse(state, "exists", message);
  }
  if ((role ?? "owner") !== "owner" && isLastOwner(state, entry, wallMs)) {
    const message = `${JSON.stringify(id)} is the sole owner: make another identity owner first`;
    return refuse(state, "last-owner", message);
  }
  const auth = replaced(state, at, { ...entry, id: newId, role: role ?? entry.role });
  const versions = new Map(state.versions);
  versions.delete(id);
  versions.set(newId, versionOf(state, id));
  const result = changed({ auth, versions }, { id: newId, auth });
  return { done: true, state: result.state, value: { version: result.version } };
}

function lastOwner(state: AccessState, id: string): Outcome<never> {
  const message = `${JSON.stringify(id)} is the last remaining owner: make another identity ` +
    "owner first";
  return refuse(state, "last-owner", message);
}

/**
 * Removes an identity and all that it was granted.
 *
 * Spec: hub-api.md 1.2 (DELETE). Refused: `not-found`, `last-owner`, `stale`
 */
export function removeIdentity(
  state: AccessState,
  { id, wallMs, ifVersion }: Target,
): Outcome<undefined> {
  const found = findIdentity(state, id);
  if (found === undefined) return notFound(state, id);
  const { entry, at } = found;
  if (isLastOwner(state, entry, wallMs)) return lastOwner(state, id);
  const conflict = stale(state, { id, ifVersion });
  if (conflict !== undefined) return conflict;
  const auth = {
    tokens: state.auth.tokens.toSpliced(at, 1),
    machines: withoutToken(state.auth.machines, entry.token),
  };
  const versions = new Map(state.versions);
  versions.delete(id);
  return { done: true, state: { auth, versions }, value: undefined };
}

/**
 * Makes the token of an identity invalid until it is rotated; its grants stay, dormant. What is
 * revoked already is left as it is, version included.
 *
 * Spec: hub-api.md 1.3 (revoke). Refused: `not-found`, `last-owner`, `stale`
 */
export function revokeIdentity(state: AccessState, { id, wallMs, ifVersion }: Target): Outcome<{
  readonly revokedAtMs: number;
  /** Undefined if it had been revoked before. */
  readonly version: number | undefined;
}> {
  const found = findIdentity(state, id);
  if (found === undefined) return notFound(state, id);
  const { entry, at } = found;
  if (isLastOwner(state, entry, wallMs)) return lastOwner(state, id);
  const conflict = stale(state, { id, ifVersion });
  if (conflict !== undefined) return conflict;
  if (entry.revokedAtMs !== undefined) {
    return { done: true, state, value: { revokedAtMs: entry.revokedAtMs, version: undefined } };
  }
  const auth = replaced(state, at, { ...entry, revokedAtMs: wallMs });
  const { state: next, version } = changed(state, { id, auth });
  return { done: true, state: next, value: { revokedAtMs: wallMs, version } };
}

/**
 * Gives an identity another token and makes it valid again; role, end and all grants stay.
 *
 * Spec: hub-api.md 1.3 (rotate), D21. Refused: `not-found`, `stale`
 */
export function rotateIdentity(
  state: AccessState,
  { id, token, wallMs, ifVersion }: Target & {
    /** The new raw token; a secret. */
    readonly token: string;
  },
): Outcome<{ readonly version: number }> {
  const found = findIdentity(state, id);
  if (found === undefined) return notFound(state, id);
  const conflict = stale(state, { id, ifVersion });
  if (conflict !== undefined) return conflict;
  const { entry, at } = found;
  const renewed = { ...entry, token, issuedAtMs: wallMs, revokedAtMs: undefined };
  const { tokens } = replaced(state, at, renewed);
  const machines = withTokenReplaced(state.auth.machines, { from: entry.token, to: token });
  const { state: next, version } = changed(state, { id, auth: { tokens, machines } });
  return { done: true, state: next, value: { version } };
}
