import { ANY_MACHINE, CLOSED_REGISTRATION, type MachineAcl } from "../config/mod.ts";

/** What an identity may be allowed with a machine, in the order in which it is shown. */
export const PERMISSIONS = ["register", "connect", "manage"] as const;

/** One of {@linkcode PERMISSIONS}. */
export type Permission = typeof PERMISSIONS[number];

/** The permissions of each machine. */
export type Acls = ReadonlyMap<string, MachineAcl>;

/** True if nobody may do anything by it. */
export function grantsNothing({ registerToken, connect, manageTokens }: MachineAcl): boolean {
  const nobodyRegisters = ["", undefined, CLOSED_REGISTRATION].includes(registerToken);
  return nobodyRegisters && connect.length + manageTokens.length === 0;
}

/** What the holder of a token is allowed by an entry. */
export function permissionsOf(
  { registerToken, connect, manageTokens }: MachineAcl,
  token: string,
): Permission[] {
  const held: Record<Permission, boolean> = {
    register: registerToken === token,
    connect: connect.some((grant) => grant.token === token),
    manage: manageTokens.includes(token),
  };
  return PERMISSIONS.filter((permission) => held[permission]);
}

/** The entry without a token. A machine that loses its registrar is closed, never opened to all. */
function without(acl: MachineAcl, token: string): MachineAcl {
  if (permissionsOf(acl, token).length === 0) return acl;
  const { registerToken, connect, manageTokens } = acl;
  return {
    registerToken: registerToken === token ? CLOSED_REGISTRATION : registerToken,
    connect: connect.filter((grant) => grant.token !== token),
    manageTokens: manageTokens.filter((other) => other !== token),
  };
}

function put(acls: Acls, machine: string, acl: MachineAcl): Acls {
  const result = new Map(acls);
  if (grantsNothing(acl)) result.delete(machine);
  else result.set(machine, acl);
  return result;
}

/** All entries without a token; those that it leaves empty are dropped. */
export function withoutToken(acls: Acls, token: string): Acls {
  let result = acls;
  for (const [machine, acl] of acls) {
    const rest = without(acl, token);
    if (rest !== acl) result = put(result, machine, rest);
  }
  return result;
}

/** All entries with a token in the place of another. */
export function withTokenReplaced(
  acls: Acls,
  { from, to }: { readonly from: string; readonly to: string },
): Acls {
  const result = new Map(acls);
  for (const [machine, acl] of acls) {
    if (permissionsOf(acl, from).length === 0) continue;
    const { registerToken, connect, manageTokens } = acl;
    result.set(machine, {
      registerToken: registerToken === from ? to : registerToken,
      connect: connect.map((grant) => grant.token === from ? { ...grant, token: to } : grant),
      manageTokens: manageTokens.map((token) => token === from ? to : token),
    });
  }
  return result;
}

/** What a token is to be allowed with a machine, and nothing else. */
export interface TokenGrant {
  /** The raw token; a secret. */
  readonly token: string;
  /** Name of the machine, or `*`. */
  readonly machine: string;
  /** All that it is to be allowed. */
  readonly permissions: readonly Permission[];
  /** Names of the services that it may connect to; all if empty. */
  readonly services: readonly string[];
}

/** The entry of a machine that none has been made for. `*` registers nothing in any case. */
function newAcl(machine: string): MachineAcl {
  const registerToken = machine === ANY_MACHINE ? undefined : CLOSED_REGISTRATION;
  return { registerToken, connect: [], manageTokens: [] };
}

function toggled<T>(list: readonly T[], { item, isIn, isSame }: {
  item: T;
  isIn: boolean;
  isSame: (other: T) => boolean;
}): readonly T[] {
  const at = list.findIndex(isSame);
  if (!isIn) return at < 0 ? list : list.filter((other) => !isSame(other));
  return at < 0 ? [...list, item] : list.with(at, item);
}

/** All entries with what a token is allowed with one machine replaced. */
export function withGrant(acls: Acls, grant: TokenGrant): Acls {
  const { token, machine, permissions, services } = grant;
  const { registerToken, connect, manageTokens } = acls.get(machine) ?? newAcl(machine);
  const isRegistrar = permissions.includes("register");
  return put(acls, machine, {
    registerToken: isRegistrar
      ? token
      : registerToken === token
      ? CLOSED_REGISTRATION
      : registerToken,
    connect: toggled(connect, {
      item: { token, services },
      isIn: permissions.includes("connect"),
      isSame: (other) => other.token === token,
    }),
    manageTokens: toggled(manageTokens, {
      item: token,
      isIn: permissions.includes("manage"),
      isSame: (other) => other === token,
    }),
  });
}
