import {
  addIdentity,
  findIdentity,
  revokeIdentity,
  rotateIdentity,
  timeText,
  tokenView,
} from "../access/mod.ts";
import { newToken, parseTime, type Role } from "../config/mod.ts";
import { json, problem, type Route } from "../http/mod.ts";
import { type AdminOptions, isName, NAME_RULE } from "./context.ts";
import type { AdminHandler, Gate } from "./gate.ts";
import { change, ifVersion, versioned } from "./outcome.ts";
import { readChange } from "./read_change.ts";

/** Roles that a new identity may have, as requests name them. Spec: hub-api.md 1.3, D11 */
const ROLES: ReadonlyMap<unknown, Role> = new Map([
  ["owner", "owner"],
  ["admin", "admin"],
  ["", "user"],
  [undefined, "user"],
]);

/** Tokens: listed, made, revoked, replaced. Spec: hub-api.md 1.3 */
class TokenResource {
  readonly #options: AdminOptions;

  constructor(options: AdminOptions) {
    this.#options = options;
  }

  readonly list: AdminHandler = () =>
    json({ tokens: this.#options.store.identities.map(tokenView) });

  readonly add: AdminHandler = async (request, context) => {
    const { store, clock, random } = this.#options;
    const { value, refusal } = await readChange(this.#options, { request, context });
    if (refusal !== undefined) return refusal;
    const { id, role: roleName, expiresAt } = value;
    if (!isName(id)) return problem(`id: expected the new identity's id, ${NAME_RULE}`, 400);
    const role = ROLES.get(roleName);
    if (role === undefined) {
      return problem("role: expected owner or admin, or none for a user", 400);
    }
    // Spec: hub-api.md 1.3 (a duplicate is reported before a bad time)
    const exists = findIdentity(store.state, id) !== undefined;
    const expiresAtMs = typeof expiresAt === "string" ? parseTime(expiresAt) : undefined;
    const isGiven = expiresAt !== undefined && expiresAt !== "";
    if (!exists && isGiven && expiresAtMs === undefined) {
      return problem("expiresAt: expected a time as 2027-01-01T00:00:00Z", 400);
    }
    const token = newToken(random);
    return await change(this.#options, context, {
      id,
      event: "identity-create",
      detail: `${JSON.stringify(id)} created as ${role}`,
      operation: (state) =>
        addIdentity(state, { id, role, token, wallMs: clock.wallMs(), expiresAtMs }),
      // Spec: hub-api.md 1.3 (the role of a user is "" here)
      respond: ({ version }) =>
        versioned({ id, role: role === "user" ? "" : role, token, version }, version, 201),
    });
  };

  readonly revoke: AdminHandler = (request, context) => {
    const id = context.params.id!;
    return change(this.#options, context, {
      id,
      event: "token-revoke",
      detail: `${JSON.stringify(id)} revoked`,
      operation: (state) =>
        revokeIdentity(state, {
          id,
          wallMs: this.#options.clock.wallMs(),
          ifVersion: ifVersion(request),
        }),
      respond: ({ revokedAtMs, version }) => {
        const revokedAt = timeText(revokedAtMs);
        return version === undefined
          ? json({ status: "already-revoked", id, revokedAt })
          : versioned({ status: "revoked", id, revokedAt, version }, version);
      },
    });
  };

  readonly rotate: AdminHandler = (request, context) => {
    const id = context.params.id!;
    if (id === "") return problem("missing id: POST /api/admin/rotate/ID", 400);
    const token = newToken(this.#options.random);
    return change(this.#options, context, {
      id,
      event: "token-rotate",
      detail: `${JSON.stringify(id)} has a new token`,
      operation: (state) =>
        rotateIdentity(state, {
          id,
          token,
          wallMs: this.#options.clock.wallMs(),
          ifVersion: ifVersion(request),
        }),
      respond: ({ version }) => versioned({ status: "rotated", id, token, version }, version),
    });
  };
}

/** What is done with a token besides is not known. Spec: hub-api.md 1.3, D3 */
const unknownAction: AdminHandler = (_, { params }) => {
  const [id = "", action = ""] = params.rest!.split("/");
  return id === "" || action === ""
    ? problem("missing id or action: POST /api/admin/tokens/ID/revoke", 400)
    : problem(`no action ${JSON.stringify(action)} on a token; there is: revoke`, 404);
};

/** The routes of tokens. Spec: hub-api.md 1.3 */
export function tokenRoutes(gate: Gate, options: AdminOptions): Route[] {
  const { list, add, revoke, rotate } = new TokenResource(options);
  return [
    gate.route({ path: "/api/admin/tokens", first: "auth", methods: { GET: list, POST: add } }),
    gate.route({
      path: "/api/admin/tokens/:id/revoke",
      first: "method",
      methods: { POST: revoke },
    }),
    gate.route({
      path: "/api/admin/tokens/:rest(.*)",
      first: "method",
      methods: { POST: unknownAction },
    }),
    gate.route({
      path: "/api/admin/rotate/:id(.*)",
      first: "method",
      methods: { POST: rotate },
    }),
  ];
}
