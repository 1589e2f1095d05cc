import type { AuthConfig, MachineAcl, Role, TokenEntry } from "../config/mod.ts";

/** An identity whose token is its id and `-token`. */
export function entry(id: string, role: Role, times: Partial<TokenEntry> = {}): TokenEntry {
  const none = { issuedAtMs: undefined, expiresAtMs: undefined, revokedAtMs: undefined };
  return { ...none, id, token: `${id}-token`, role, ...times };
}

/** Permissions of a machine. */
export function acl(permissions: Partial<MachineAcl>): MachineAcl {
  return { registerToken: undefined, connect: [], manageTokens: [], ...permissions };
}

/** One identity of each role, and `agent`, which registers the machine `barn`. */
export function auth(more: readonly TokenEntry[] = []): AuthConfig {
  return {
    tokens: [
      entry("owner", "owner"),
      entry("admin", "admin"),
      entry("viewer", "viewer"),
      entry("alice", "user"),
      entry("agent", "user"),
      ...more,
    ],
    machines: new Map([["barn", acl({ registerToken: "agent-token" })]]),
  };
}
