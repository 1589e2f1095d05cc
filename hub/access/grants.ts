import { type Permission, PERMISSIONS, permissionsOf, withGrant } from "./acl.ts";
import {
  type AccessState,
  changed,
  findIdentity,
  notFound,
  type Outcome,
  type Precondition,
  refuse,
  stale,
} from "./state.ts";

/** Which identity and machine a grant is about. */
export interface GrantTarget extends Precondition {
  /** Id of the identity. */
  readonly id: string;
  /** Name of the machine, which need not exist, or `*`. */
  readonly machine: string;
}

/**
 * Replaces what an identity may do with a machine. `register` is held by one: it passes from whoever
 * had it.
 *
 * Spec: hub-api.md 1.2 (PUT machines). Refused: `not-found`, `stale`
 */
export function setGrant(
  state: AccessState,
  { id, machine, permissions, services, ifVersion }: GrantTarget & {
    /** All that it is to be allowed; nothing if empty. */
    readonly permissions: readonly Permission[];
    /** Names of the services that it may connect to; all if empty. */
    readonly services: readonly string[];
  },
): Outcome<{ readonly version: number }> {
  const found = findIdentity(state, id);
  if (found === undefined) return notFound(state, id);
  const conflict = stale(state, { id, ifVersion });
  if (conflict !== undefined) return conflict;
  const { token } = found.entry;
  const grant = { token, machine, permissions, services };
  const auth = { ...state.auth, machines: withGrant(state.auth.machines, grant) };
  const { state: next, version } = changed(state, { id, auth });
  return { done: true, state: next, value: { version } };
}

/**
 * Takes away all that an identity may do with a machine.
 *
 * Spec: hub-api.md 1.2 (DELETE machines). Refused: `not-found`, `stale`, `no-grant`
 */
export function clearGrant(
  state: AccessState,
  target: GrantTarget,
): Outcome<{ readonly version: number }> {
  const { id, machine, ifVersion } = target;
  if (findIdentity(state, id) === undefined) return notFound(state, id);
  const conflict = stale(state, { id, ifVersion });
  if (conflict !== undefined) return conflict;
  if (!state.auth.machines.has(machine)) {
    const message = `nobody has been granted anything on machine ${JSON.stringify(machine)}`;
    return refuse(state, "no-grant", message);
  }
  return setGrant(state, { id, machine, permissions: [], services: [] });
}

/** What an identity holds on a machine now. */
function heldOn(
  { auth }: AccessState,
  { token, machine }: { readonly token: string; readonly machine: string },
): { readonly permissions: readonly Permission[]; readonly services: readonly string[] } {
  const acl = auth.machines.get(machine);
  if (acl === undefined) return { permissions: [], services: [] };
  const services = acl.connect.find((grant) => grant.token === token)?.services ?? [];
  return { permissions: permissionsOf(acl, token), services };
}

/**
 * Lets an identity do more with a machine; what it is allowed already stays, limits to services
 * included. If it may do all of that, nothing changes.
 *
 * Spec: hub-api.md 6 (user grant). Refused: `not-found`
 */
export function addPermissions(
  state: AccessState,
  { id, machine, permissions }: GrantTarget & { readonly permissions: readonly Permission[] },
): Outcome<{ readonly added: readonly Permission[] }> {
  const found = findIdentity(state, id);
  if (found === undefined) return notFound(state, id);
  const held = heldOn(state, { token: found.entry.token, machine });
  const added = PERMISSIONS.filter((permission) =>
    permissions.includes(permission) && !held.permissions.includes(permission)
  );
  if (added.length === 0) return { done: true, state, value: { added } };
  const all = [...held.permissions, ...added];
  const outcome = setGrant(state, { id, machine, permissions: all, services: held.services });
  return outcome.done ? { ...outcome, value: { added } } : outcome;
}

/**
 * Lets an identity do less with a machine.
 *
 * Spec: hub-api.md 6 (user revoke). Refused: `not-found`, `no-grant` if it is allowed none of that
 */
export function removePermissions(
  state: AccessState,
  { id, machine, permissions }: GrantTarget & { readonly permissions: readonly Permission[] },
): Outcome<{ readonly version: number }> {
  const found = findIdentity(state, id);
  if (found === undefined) return notFound(state, id);
  const held = heldOn(state, { token: found.entry.token, machine });
  const kept = held.permissions.filter((permission) => !permissions.includes(permission));
  if (kept.length === held.permissions.length) {
    const [who, what, where] = [
      JSON.stringify(id),
      permissions.join(" or "),
      JSON.stringify(machine),
    ];
    return refuse(state, "no-grant", `${who} has no grant to ${what} on machine ${where}`);
  }
  return setGrant(state, { id, machine, permissions: kept, services: held.services });
}
