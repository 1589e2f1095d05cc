import type { MachineAcl, Role, TokenEntry } from "../config/mod.ts";

/** An identity whose token is its id and `-token`. */
export function identity(id: string, role: Role, more: Partial<TokenEntry> = {}): TokenEntry {
  const none = { issuedAtMs: undefined, expiresAtMs: undefined, revokedAtMs: undefined };
  return { ...none, id, token: `${id}-token`, role, ...more };
}

/** Permissions of a machine; what is not given is nobody's. */
export function acl(permissions: Partial<MachineAcl>): MachineAcl {
  return { registerToken: undefined, connect: [], manageTokens: [], ...permissions };
}

/** The grant to connect of an {@linkcode identity}, to these services or to all. */
export function grant(id: string, ...services: string[]): MachineAcl["connect"][number] {
  return { token: `${id}-token`, services };
}
