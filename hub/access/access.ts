import { ANY_MACHINE, type AuthConfig, type MachineAcl, type Role } from "../config/mod.ts";
import { grantsNothing } from "./acl.ts";
import { digestToken } from "./digest.ts";

/** Why a token is nobody's. */
export type Invalidity = "no token" | "unknown token" | "token expired" | "token revoked";

/** Who asks: nobody is known on an open hub; `anonymous` has no valid token on a secured one. */
export type Caller =
  | { readonly kind: "open" }
  | { readonly kind: "anonymous"; readonly reason: Invalidity; readonly id?: string }
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
  /** Digests of those that may manage. */
  readonly manage: ReadonlySet<string>;
}

const OPEN: Caller = { kind: "open" };
const NO_TOKEN: Caller = { kind: "anonymous", reason: "no token" };
const UNKNOWN_TOKEN: Caller = { kind: "anonymous", reason: "unknown token" };

function isAdmin(caller: Caller): boolean {
  return caller.kind === "identity" && (caller.role === "owner" || caller.role === "admin");
}

function aclOf(acl: MachineAcl): Acl | undefined {
  // Such an entry is left over from grants taken back; it must not open registration to anyone.
  if (grantsNothing(acl)) return undefined;
  const { registerToken, connect, manageTokens } = acl;
  return {
    registrar: registerToken && digestToken(registerToken),
    connect: new Map(connect.map(({ token, services }) => [digestToken(token), services])),
    manage: new Set(manageTokens.map(digestToken)),
  };
}

/**
 * Who may do what, as one configuration says. Immutable: a changed configuration makes a new one.
 *
 * Spec: hub-api.md 2, wire.md 2.9. Deviation: a viewer never registers, an access entry that grants
 * nothing counts as absent, one with an empty `registerToken` admits nobody, and nobody but owners and
 * admins registers a machine by the name of the wildcard.
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
    return this.authenticateDigest(token ? digestToken(token) : undefined, wallMs);
  }

  /** As {@linkcode Access.authenticate}, by the digest that a {@linkcode Caller} had before. */
  authenticateDigest(tokenDigest: string | undefined, wallMs: number): Caller {
    if (!this.isEnabled) return OPEN;
    if (tokenDigest === undefined) return NO_TOKEN;
    const identity = this.#identities.get(tokenDigest);
    if (identity === undefined) return UNKNOWN_TOKEN;
    const { id, role, digest, isRevoked, expiresAtMs } = identity;
    if (isRevoked) return { kind: "anonymous", reason: "token revoked", id };
    if (wallMs > expiresAtMs) return { kind: "anonymous", reason: "token expired", id };
    return { kind: "identity", id, role, digest };
  }

  /** When the next token that is valid ends, in milliseconds since 1970; Infinity if none will. */
  nextEndMs(wallMs: number): number {
    let next = Infinity;
    for (const { expiresAtMs, isRevoked } of this.#identities.values()) {
      if (!isRevoked && expiresAtMs >= wallMs && expiresAtMs < next) next = expiresAtMs;
    }
    return next;
  }

  /** May the caller administer the hub? On an open hub nobody may. */
  canAdminister(caller: Caller): boolean {
    return isAdmin(caller);
  }

  /** May the caller put a machine of this name on the hub? `*` does not count. */
  canRegister(caller: Caller, machine: string): boolean {
    if (caller.kind !== "identity") return caller.kind === "open";
    if (isAdmin(caller)) return true;
    if (caller.role === "viewer" || machine === ANY_MACHINE) return false;
    const acl = this.#machines.get(machine);
    return acl !== undefined && (acl.registrar === undefined || acl.registrar === caller.digest);
  }

  /** May the caller open a tunnel to the machine? */
  canConnect(caller: Caller, machine: string): boolean {
    if (caller.kind !== "identity") return caller.kind === "open";
    return isAdmin(caller) || this.#grant(caller.digest, machine) !== undefined;
  }

  /** May the caller have the machine's agent do something? */
  canManage(caller: Caller, machine: string): boolean {
    if (caller.kind !== "identity") return caller.kind === "open";
    const isHeldOn = (name: string) => this.#machines.get(name)?.manage.has(caller.digest);
    return isAdmin(caller) || (isHeldOn(machine) ?? false) || (isHeldOn(ANY_MACHINE) ?? false);
  }

  /** May the caller see that the machine exists? */
  canView(caller: Caller, machine: string): boolean {
    const isViewer = caller.kind === "identity" && caller.role === "viewer";
    return isViewer || this.canConnect(caller, machine);
  }

  /**
   * Names of the services that the caller is shown; undefined if all. A viewer sees what it may not
   * use.
   */
  visibleServices(caller: Caller, machine: string): readonly string[] | undefined {
    const isViewer = caller.kind === "identity" && caller.role === "viewer";
    return isViewer ? undefined : this.grantedServices(caller, machine);
  }

  /**
   * Names of the services that the caller may connect to; undefined if all. The grant on the machine
   * itself stands above the one on `*`.
   */
  grantedServices(caller: Caller, machine: string): readonly string[] | undefined {
    if (caller.kind !== "identity" || isAdmin(caller)) return undefined;
    const services = this.#grant(caller.digest, machine) ?? [];
    return services.length === 0 ? undefined : services;
  }

  #grant(digest: string, machine: string): readonly string[] | undefined {
    return this.#machines.get(machine)?.connect.get(digest) ??
      this.#machines.get(ANY_MACHINE)?.connect.get(digest);
  }
}
