import type { Role } from "../config/mod.ts";
import { withGrant } from "./acl.ts";
import { addIdentity } from "./identities.ts";
import { type AccessState, findIdentity, type Outcome } from "./state.ts";

/** What a pairing code is worth. */
export interface Redemption {
  /** `connect`: to machines; `register`: as the agent of one machine. */
  readonly type: "connect" | "register";
  /** Names of machines, or `*`; the only one, for `register`. */
  readonly machines: readonly string[];
  /** Role of the identity that is made. */
  readonly role: Role;
  /** The raw token, made for it; a secret. */
  readonly token: string;
  /** Time of day, milliseconds since 1970. */
  readonly wallMs: number;
}

/** The first of `name(1)`, `name(2)` … that no identity has. */
function freeId(state: AccessState, name: (n: number) => string): string {
  for (let n = 1;; n++) {
    const id = name(n);
    if (findIdentity(state, id) === undefined) return id;
  }
}

function idOf(state: AccessState, { type, machines, wallMs }: Redemption): string {
  if (type === "register") {
    return freeId(state, (n) => `${machines[0]}${n === 1 ? "" : `-${n}`}-agent`);
  }
  const base = `paired-user-${Math.floor(wallMs / 1000)}`;
  return freeId(state, (n) => n === 1 ? base : `${base}-${n}`);
}

/**
 * Makes the identity that a pairing code promises, and adds its grants to those that are there. An
 * agent takes the register permission over from the one before.
 *
 * Spec: hub-api.md 3. Deviation: all grants of others stay, and ids are unique.
 */
export function redeem(state: AccessState, redemption: Redemption): Outcome<{
  /** Id of the new identity. */
  readonly id: string;
}> {
  const { type, machines, role, token, wallMs } = redemption;
  const id = idOf(state, redemption);
  const added = addIdentity(state, { id, role, token, wallMs });
  if (!added.done) return added;
  let acls = added.state.auth.machines;
  for (const machine of machines) {
    acls = withGrant(acls, { token, machine, permissions: [type], services: [] });
  }
  const { auth, versions } = added.state;
  return { done: true, state: { auth: { ...auth, machines: acls }, versions }, value: { id } };
}
