import { ANY_MACHINE, type AuthConfig, type MachineAcl, type Role } from "../config/mod.ts";
import { digestToken } from "./digest.ts";

/** Who asks: nobody is known on an open hub; `anonymous` has no valid token on a secured one. */
export type Caller =
  | { readonly kind: "open" }
  | { readonly kind: "anonymous" }
  | {
    readonly kind: "identity";
    readonly id: string;
    readonly role: Role;
    readonly digest: string;
  };

interface Identity {
  readonly id: string;
  readonly role: Role;
  readonly digest: string;
  readonly expiresAtMs: number;
  readonly isRevoked: boolean;
}

interface Acl {
  /** Digest of the only registrar; "" lets nobody in, undefined any valid token but a viewer's. */
  readonly registrar: string | undefined;
  /** Service names by digest; an empty list covers all. */
  readonly connect: ReadonlyMap<string, readonly string[]>;
}

const OPEN: Caller = { kind: "open" };
const ANONYMOUS: Caller = { kind: "anonymous" };

function isAdmin(caller: Caller): boolean {
  return caller.kind === "identity" && (caller.role === "owner" || caller.role === "admin");
}

function aclOf(acl: MachineAcl): Acl | undefined {
  const { registerToken, connect, manageTokens } = acl;
  const isEmpty = registerToken === undefined && connect.length + manageTokens.length === 0;
  // Such an entry is left over from grants taken back; it must not open registration to anyone.
  if (isEmpty) return undefined;
  return {
    registrar: registerToken && digestToken(registerToken),
    connect: new Map(connect.map(({ token, services }) => [digestToken(token), services])),
  };
}

/**
 * Who may do what, as one configuration says. Immutable: a changed configuration makes a new one.
 *
 * Spec: hub-api.md 2, wire.md 2.9. Deviation: a viewer never registers, an access entry that grants
 * nothing counts as absent, and one with an empty `registerToken` admits nobody.
 */
export class Access {
  /** False on an open hub, which has no tokens at all. */
  readonly isEnabled: boolean;
  readonly #identities: ReadonlyMap<string, Identity>;
  readonly #machines: ReadonlyMap<string, Acl>;

  /** Digests every token of the configuration once. */
  constructor({ tokens, machines }: AuthConfig) {
    this.isEnabled = tokens.length > 0;
    const identities = new Map<string, Identity>();
    for (const { id, role, token, expiresAtMs = Infinity, revokedAtMs } of tokens) {
      const digest = digestToken(token);
      identities.set(digest, {
        id,
        role,
        digest,
        expiresAtMs,
        isRevoked: revokedAtMs !== undefined,
      });
    }
    this.#identities = identities;
    const acls = new Map<string, Acl>();
    for (const [name, entry] of machines) {
      const acl = aclOf(entry);
      if (acl !== undefined) acls.set(name, acl);
    }
    this.#machines = acls;
  }

  /** Finds out who holds `token` at `wallMs`; revoked and expired tokens are nobody's. */
  authenticate(token: string | undefined, wallMs: number): Caller {
    if (!this.isEnabled) return OPEN;
    const identity = token ? this.#identities.get(digestToken(token)) : undefined;
    if (identity === undefined || identity.isRevoked || wallMs > identity.expiresAtMs) {
      return ANONYMOUS;
    }
    const { id, role, digest } = identity;
    return { kind: "identity", id, role, digest };
  }

  /** May the caller administer the hub? On an open hub nobody may. */
  canAdminister(caller: Caller): boolean {
    return isAdmin(caller);
  }

  /** May the caller put a machine of this name on the hub? `*` does not count. */
  canRegister(caller: Caller, machine: string): boolean {
    if (caller.kind !== "identity") return caller.kind === "open";
    if (isAdmin(caller)) return true;
    if (caller.role === "viewer") return false;
    const acl = this.#machines.get(machine);
    return acl !== undefined && (acl.registrar === undefined || acl.registrar === caller.digest);
  }

  /** May the caller open a tunnel to the machine? */
  canConnect(caller: Caller, machine: string): boolean {
    if (caller.kind !== "identity") return caller.kind === "open";
    return isAdmin(caller) || this.#grant(caller.digest, machine) !== undefined;
  }

  /** May the caller see that the machine exists? */
  canView(caller: Caller, machine: string): boolean {
    const isViewer = caller.kind === "identity" && caller.role === "viewer";
    return isViewer || this.canConnect(caller, machine);
  }

  /**
   * Names of the services that the caller's grant covers; undefined if it covers all. The grant on
   * the machine itself stands above the one on `*`.
   */
  visibleServices(caller: Caller, machine: string): readonly string[] | undefined {
    if (caller.kind !== "identity" || isAdmin(caller) || caller.role === "viewer") return undefined;
    const services = this.#grant(caller.digest, machine) ?? [];
    return services.length === 0 ? undefined : services;
  }

  #grant(digest: string, machine: string): readonly string[] | undefined {
    return this.#machines.get(machine)?.connect.get(digest) ??
      this.#machines.get(ANY_MACHINE)?.connect.get(digest);
  }
}
