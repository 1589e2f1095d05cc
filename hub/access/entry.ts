import { ANY_MACHINE, type MachineAcl, type TokenEntry } from "../config/mod.ts";
import { type Permission, PERMISSIONS, permissionsOf } from "./acl.ts";
import { type AccessState, versionOf } from "./state.ts";

/**
 * Characters of a token that are shown. Spec: hub-api.md 1.2. Deviation: of a token that is not longer
 * nothing is shown, where the reference shows it all.
 */
const PREVIEW_CHARS = 8;

/** What an identity may do with one machine, as it is shown. */
export interface MachineView {
  /** Name of the machine, or `*`. */
  readonly machineId: string;
  /** In the order of {@linkcode PERMISSIONS}. */
  readonly permissions: readonly Permission[];
  /** Services that `connect` is limited to; absent if it is not. */
  readonly services?: readonly string[];
}

/** An identity without its grants, as it is shown. Spec: hub-api.md 1.3 */
export interface TokenView {
  /** Its id. */
  readonly id: string;
  /** Its role. */
  readonly role: string;
  /** The beginning of its token. */
  readonly tokenPreview: string;
  /** RFC 3339; absent if not recorded. */
  readonly issuedAt?: string;
  /** RFC 3339; absent if it does not end. */
  readonly expiresAt?: string;
  /** RFC 3339; absent if it is not revoked. */
  readonly revokedAt?: string;
}

/** An identity and what it may do, as it is shown. Spec: hub-api.md 1.2 */
export interface AccessView extends TokenView {
  /** By name of the machine. */
  readonly machines: readonly MachineView[];
  /** How often it was changed, plus 1. */
  readonly version: number;
  /** What its grant on `*` gives on every machine. */
  readonly wildcardInherited?: readonly Permission[];
  /** Services that the grant on `*` is limited to. */
  readonly wildcardInheritedServices?: readonly string[];
}

/** RFC 3339 in UTC, with milliseconds if there are any. */
export function timeText(ms: number): string {
  return new Date(ms).toISOString().replace(".000Z", "Z");
}

function times({ issuedAtMs, expiresAtMs, revokedAtMs }: TokenEntry): Partial<TokenView> {
  return {
    ...(issuedAtMs !== undefined && { issuedAt: timeText(issuedAtMs) }),
    ...(expiresAtMs !== undefined && { expiresAt: timeText(expiresAtMs) }),
    ...(revokedAtMs !== undefined && { revokedAt: timeText(revokedAtMs) }),
  };
}

function previewOf({ token }: TokenEntry): string {
  return token.length > PREVIEW_CHARS ? `${token.slice(0, PREVIEW_CHARS)}...` : "...";
}

/** An identity as the list of tokens shows it. */
export function tokenView(entry: TokenEntry): TokenView {
  const { id, role } = entry;
  return { id, role, tokenPreview: previewOf(entry), ...times(entry) };
}

function machineView(machineId: string, acl: MachineAcl, token: string): MachineView {
  const services = acl.connect.find((grant) => grant.token === token)?.services ?? [];
  const permissions = permissionsOf(acl, token);
  return { machineId, permissions, ...(services.length > 0 && { services }) };
}

/** What the holders of these tokens may do, by machine, in the order of the machines' names. */
function grantsOf({ auth }: AccessState, tokens: ReadonlySet<string>): Map<string, MachineView[]> {
  const grants = new Map<string, MachineView[]>();
  const byName = [...auth.machines].sort(([a], [b]) => a < b ? -1 : 1);
  for (const [machineId, acl] of byName) {
    const { registerToken = "", connect, manageTokens } = acl;
    for (const token of new Set([registerToken, ...connect.map((g) => g.token), ...manageTokens])) {
      if (!tokens.has(token)) continue;
      const views = grants.get(token) ?? [];
      views.push(machineView(machineId, acl, token));
      grants.set(token, views);
    }
  }
  return grants;
}

function inherited(machines: readonly MachineView[]): Partial<AccessView> {
  const { permissions = [], services } =
    machines.find(({ machineId }) => machineId === ANY_MACHINE) ?? {};
  const wildcardInherited = permissions.filter((permission) => permission !== "register");
  return {
    ...(wildcardInherited.length > 0 && { wildcardInherited }),
    ...(services !== undefined && { wildcardInheritedServices: services }),
  };
}

function view(
  state: AccessState,
  entry: TokenEntry,
  { grants }: { readonly grants: readonly MachineView[] },
): AccessView {
  const { id, role } = entry;
  const isAdmin = role === "owner" || role === "admin";
  return {
    id,
    role,
    tokenPreview: previewOf(entry),
    machines: isAdmin ? [{ machineId: ANY_MACHINE, permissions: PERMISSIONS }] : grants,
    ...times(entry),
    version: versionOf(state, id),
    ...(!isAdmin && inherited(grants)),
  };
}

/** Identities as the list of permissions shows them. */
export function accessViews(state: AccessState, entries: readonly TokenEntry[]): AccessView[] {
  const grants = grantsOf(state, new Set(entries.map(({ token }) => token)));
  return entries.map((entry) => view(state, entry, { grants: grants.get(entry.token) ?? [] }));
}

/** An identity as the list of permissions shows it. */
export function accessView(state: AccessState, entry: TokenEntry): AccessView {
  return accessViews(state, [entry])[0]!;
}
