import {
  accessView,
  accessViews,
  changeIdentity,
  clearGrant,
  findIdentity,
  type Permission,
  PERMISSIONS,
  removeIdentity,
  setGrant,
  versionOf,
} from "../access/mod.ts";
import type { Role } from "../config/mod.ts";
import { json, problem, type Route } from "../http/mod.ts";
import { type AdminOptions, isName, NAME_RULE } from "./context.ts";
import type { AdminHandler, Gate } from "./gate.ts";
import { change, ifVersion, versioned } from "./outcome.ts";
import { readChange } from "./read_change.ts";

/** Services of a grant at most. */
const MAX_SERVICES = 256;

/** Roles as requests name them. Spec: hub-api.md 1.2; `user` counts as "" */
const ROLES: ReadonlyMap<unknown, Role> = new Map([
  ["owner", "owner"],
  ["admin", "admin"],
  ["viewer", "viewer"],
  ["user", "user"],
  ["", "user"],
]);

/** A list of texts; undefined if it is something else. An absent one is empty. */
function texts(value: unknown): string[] | undefined {
  const list = value ?? [];
  if (!Array.isArray(list) || !list.every((item) => typeof item === "string")) return undefined;
  return list;
}

/** The resource that joins identities and permissions. Spec: hub-api.md 1.2 */
class AccessResource {
  readonly #options: AdminOptions;

  constructor(options: AdminOptions) {
    this.#options = options;
  }

  readonly list: AdminHandler = () => {
    const { state } = this.#options.store;
    return json({ access: accessViews(state, state.auth.tokens) });
  };

  readonly show: AdminHandler = (_, { params }) => {
    const { state } = this.#options.store;
    const id = params.id!;
    const found = findIdentity(state, id);
    return found === undefined
      ? problem(`no identity ${JSON.stringify(id)}; list them to see the ids`, 404)
      : versioned(accessView(state, found.entry), versionOf(state, id));
  };

  readonly update: AdminHandler = async (request, context) => {
    const { value: body, refusal } = await readChange(this.#options, { request, context });
    if (refusal !== undefined) return refusal;
    const { id: newId, role: roleName } = body;
    const role = ROLES.get(roleName);
    if (newId === undefined && roleName === undefined) {
      return problem("nothing to change: give an id, a role or both", 400);
    }
    if (newId !== undefined && !isName(newId)) {
      return problem(`id: expected a new id of ${NAME_RULE}`, 400);
    }
    if (roleName !== undefined && role === undefined) {
      return problem("role: expected owner, admin, viewer or user", 400);
    }
    const id = context.params.id!;
    const parts = [
      ...(newId === undefined ? [] : [`renamed to ${JSON.stringify(newId)}`]),
      ...(role === undefined ? [] : [`made ${role}`]),
    ];
    return await change(this.#options, context, {
      id,
      event: "identity-change",
      detail: `${JSON.stringify(id)} ${parts.join(", ")}`,
      operation: (state) =>
        changeIdentity(state, { ...this.#target(request, id), newId: newId as string, role }),
      respond: ({ version }) => versioned({ status: "updated", id: newId ?? id, version }, version),
    });
  };

  readonly remove: AdminHandler = (request, context) => {
    const id = context.params.id!;
    return change(this.#options, context, {
      id,
      event: "identity-remove",
      detail: `${JSON.stringify(id)} removed`,
      operation: (state) => removeIdentity(state, this.#target(request, id)),
      respond: () => json({ status: "removed", id }),
    });
  };

  readonly grant: AdminHandler = async (request, context) => {
    const { id, machine } = context.params as { id: string; machine: string };
    const { value: body, refusal } = await readChange(this.#options, { request, context });
    if (refusal !== undefined) return refusal;
    if (!isName(machine)) return problem(`machine: expected a name of ${NAME_RULE}`, 400);
    const asked = texts(body.permissions);
    const services = texts(body.services);
    if (asked === undefined) {
      return problem(`permissions: expected a list of ${PERMISSIONS.join(", ")}`, 400);
    }
    if (services === undefined || services.length > MAX_SERVICES || !services.every(isName)) {
      return problem(`services: expected a list of at most ${MAX_SERVICES} names`, 400);
    }
    // Spec: hub-api.md 1.2 (unknown permission words are ignored)
    const permissions = PERMISSIONS.filter((word) => asked.includes(word));
    // Spec: hub-api.md 1.2 (services limit connect alone); an answer must not show limits of nothing.
    const limits = permissions.includes("connect") ? services : [];
    const given = { id, machine, permissions, services: limits };
    return await change(this.#options, context, {
      id,
      machine,
      event: "grant",
      detail: describeGrant(given),
      operation: (state) => setGrant(state, { ...given, ifVersion: ifVersion(request) }),
      respond: ({ version }) =>
        versioned({
          status: "updated",
          id,
          machineId: machine,
          permissions: asked,
          version,
          ...(limits.length > 0 && { services: limits }),
        }, version),
    });
  };

  readonly withdraw: AdminHandler = (request, context) => {
    const { id, machine } = context.params as { id: string; machine: string };
    return change(this.#options, context, {
      id,
      machine,
      event: "grant-remove",
      detail: `${JSON.stringify(id)} loses all permissions on ${JSON.stringify(machine)}`,
      operation: (state) => clearGrant(state, { id, machine, ifVersion: ifVersion(request) }),
      respond: ({ version }) =>
        versioned({ status: "revoked", id, machineId: machine, version }, version),
    });
  };

  #target(request: Request, id: string) {
    return { id, wallMs: this.#options.clock.wallMs(), ifVersion: ifVersion(request) };
  }
}

function describeGrant({ id, machine, permissions, services }: {
  readonly id: string;
  readonly machine: string;
  readonly permissions: readonly Permission[];
  readonly services: readonly string[];
}): string {
  const what = permissions.length === 0 ? "nothing" : permissions.join(", ");
  const only = services.length === 0 ? "" : ` (services ${JSON.stringify(services)})`;
  return `${JSON.stringify(id)} may ${what} on ${JSON.stringify(machine)}${only}`;
}

/** The routes of identities and their permissions. Spec: hub-api.md 1.2 */
export function accessRoutes(gate: Gate, options: AdminOptions): Route[] {
  const resource = new AccessResource(options);
  const first = "auth";
  const { list, show, update, remove, grant, withdraw } = resource;
  return [
    gate.route({ path: "/api/admin/access", first, methods: { GET: list } }),
    gate.route({
      path: "/api/admin/access/:id",
      first,
      methods: { GET: show, PATCH: update, DELETE: remove },
    }),
    gate.route({
      path: "/api/admin/access/:id/machines/:machine(.*)",
      first,
      methods: { PUT: grant, DELETE: withdraw },
    }),
  ];
}
