import { isDeepStrictEqual } from "node:util";
import type { AuthConfig, MachineAcl, TokenEntry } from "../config/mod.ts";
import { permissionsOf } from "./acl.ts";
import { type AccessState, versionOf } from "./state.ts";

/** Which identities somebody else has changed, by id. */
export interface IdentityChanges {
  /** Those that were not there before. */
  readonly added: readonly string[];
  /** Those that are there no more. */
  readonly removed: readonly string[];
  /** Those whose token, role, times or grants are others. */
  readonly changed: readonly string[];
}

/** Tokens that an entry names. */
function holdersOf({ registerToken, connect, manageTokens }: MachineAcl): Set<string> {
  const tokens = new Set([...connect.map(({ token }) => token), ...manageTokens]);
  if (registerToken !== undefined) tokens.add(registerToken);
  return tokens;
}

/** What each token is granted, in the order of the machines' names. */
function grantsByToken({ machines }: AuthConfig): Map<string, unknown[]> {
  const grants = new Map<string, unknown[]>();
  for (const [machine, acl] of [...machines].sort(([a], [b]) => a < b ? -1 : 1)) {
    for (const token of holdersOf(acl)) {
      const services = acl.connect.find((grant) => grant.token === token)?.services;
      const list = grants.get(token) ?? [];
      list.push([machine, permissionsOf(acl, token), services]);
      grants.set(token, list);
    }
  }
  return grants;
}

function byId({ tokens }: AuthConfig): Map<string, TokenEntry> {
  return new Map(tokens.map((entry) => [entry.id, entry]));
}

/** The state with an access part that somebody else has written, and whom that concerns. */
export function takenOver(
  state: AccessState,
  auth: AuthConfig,
): { readonly state: AccessState; readonly changes: IdentityChanges } {
  const [before, after] = [byId(state.auth), byId(auth)];
  const [grantsBefore, grantsAfter] = [grantsByToken(state.auth), grantsByToken(auth)];
  const isChanged = (entry: TokenEntry) => {
    const old = before.get(entry.id);
    return old !== undefined && !(isDeepStrictEqual(old, entry) &&
      isDeepStrictEqual(grantsBefore.get(old.token), grantsAfter.get(entry.token)));
  };
  const changes = {
    added: [...after.keys()].filter((id) => !before.has(id)),
    removed: [...before.keys()].filter((id) => !after.has(id)),
    changed: [...after.values()].filter(isChanged).map(({ id }) => id),
  };
  const versions = new Map(state.versions);
  for (const id of [...changes.added, ...changes.removed]) versions.delete(id);
  for (const id of changes.changed) versions.set(id, versionOf(state, id) + 1);
  return { state: { auth, versions }, changes };
}
