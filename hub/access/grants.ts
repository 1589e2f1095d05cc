import { type Permission, withGrant } from "./acl.ts";
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
