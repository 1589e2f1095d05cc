/** What the view of identities shows and sends. */

import { localTime, names } from "./format.js";

/** @typedef {"register" | "connect" | "manage"} Permission */

/**
 * @typedef {object} Grant
 * @property {string} machineId a machine, or `*`
 * @property {readonly Permission[]} permissions
 * @property {readonly string[]} [services]
 */

/**
 * An identity of `/api/admin/access`. Spec: hub-api.md 1.2
 *
 * @typedef {object} Identity
 * @property {string} id
 * @property {string} role
 * @property {string} tokenPreview
 * @property {readonly Grant[]} machines
 * @property {number} version
 * @property {string} [issuedAt]
 * @property {string} [expiresAt]
 * @property {string} [revokedAt]
 */

/**
 * @typedef {object} IdentityRow
 * @property {string} id
 * @property {string} role as people write it
 * @property {string} summary what it may do
 * @property {{ kind: "online" | "degraded" | "error" | "offline", label: string }} state
 */

/**
 * @typedef {object} GrantRow
 * @property {string} machine
 * @property {string} label
 * @property {readonly Permission[]} permissions
 * @property {readonly string[]} services
 */

/** Identity whose token the page has, made for it alone. */
const CONSOLE_VIEWER = "console-viewer";

/** A token that ends sooner is marked. */
const SOON_MS = 7 * 86_400_000;

/** @type {Readonly<Record<string, string>>} */
const ROLES = { owner: "Owner", admin: "Admin", viewer: "Viewer", user: "User", "": "User" };

/** @param {Pick<Identity, "role">} identity */
function hasAllPermissions({ role }) {
  return role === "owner" || role === "admin";
}

/**
 * Whether a token can be used, for how long.
 *
 * @param {Identity} identity
 * @param {number} nowMs
 * @returns {IdentityRow["state"]}
 */
export function tokenState({ revokedAt, expiresAt }, nowMs) {
  if (revokedAt !== undefined) return { kind: "error", label: "Revoked" };
  const leftMs = expiresAt === undefined ? Infinity : Date.parse(expiresAt) - nowMs;
  if (leftMs <= 0) return { kind: "error", label: "Expired" };
  if (leftMs < SOON_MS) return { kind: "degraded", label: "Expires soon" };
  return { kind: "online", label: "Active" };
}

/** @param {Identity} identity */
function summaryOf(identity) {
  if (hasAllPermissions(identity)) return "everything";
  if (identity.id === CONSOLE_VIEWER) return "this page, without signing in";
  if (identity.machines.length === 0) {
    return identity.role === "viewer" ? "sees all machines" : "no permissions";
  }
  const names = identity.machines.map(({ machineId }) => machineId === "*" ? "all" : machineId);
  return names.length > 3 ? `${names.length} machines` : names.join(", ");
}

/**
 * The identities, in the order of their names.
 *
 * @param {readonly Identity[]} identities
 * @param {number} nowMs
 * @returns {IdentityRow[]}
 */
export function identityRows(identities, nowMs) {
  const order = new Intl.Collator("en", { numeric: true }).compare;
  return identities.map((identity) => ({
    id: identity.id,
    role: ROLES[identity.role] ?? identity.role,
    summary: summaryOf(identity),
    state: tokenState(identity, nowMs),
  })).sort((a, b) => order(a.id, b.id) || (a.id < b.id ? -1 : 1));
}

/**
 * @typedef {object} IdentityDetail
 * @property {string} id
 * @property {string} role
 * @property {string} preview
 * @property {IdentityRow["state"]} state
 * @property {{ issued: string, expires: string, revoked: string }} times RFC 3339, "" if there is none
 * @property {readonly GrantRow[]} grants
 * @property {string} note said of them, "" if nothing
 * @property {{ grant: boolean, revoke: boolean }} can what can be done
 */

/**
 * All that is shown of one identity.
 *
 * @param {Identity} identity
 * @param {number} nowMs
 * @returns {IdentityDetail}
 */
export function identityDetail(identity, nowMs) {
  const { id, role, tokenPreview, issuedAt, expiresAt, revokedAt } = identity;
  const hasAll = hasAllPermissions(identity);
  const grants = hasAll ? [] : identity.machines.map((grant) => ({
    machine: grant.machineId,
    label: grant.machineId === "*" ? "* (all machines)" : grant.machineId,
    permissions: grant.permissions,
    services: grant.services ?? [],
  }));
  let note = "";
  if (hasAll) note = `${ROLES[role]}s may do everything on every machine.`;
  else if (id === CONSOLE_VIEWER) {
    note =
      "Shows machines and activity to whoever opens this page. Revoke it to require signing in.";
  } else if (role === "viewer") note = "Viewers see all machines and register none.";
  else if (grants.length === 0) {
    note = "No permissions. Grant one to let this identity do something.";
  }
  return {
    id,
    role: ROLES[role] ?? role,
    preview: tokenPreview,
    state: tokenState(identity, nowMs),
    times: { issued: issuedAt ?? "", expires: expiresAt ?? "", revoked: revokedAt ?? "" },
    grants,
    note,
    can: { grant: !hasAll, revoke: revokedAt === undefined },
  };
}

/**
 * How a time of a token reads.
 *
 * @param {string} iso "" if there is none
 * @param {string} otherwise
 * @returns {string}
 */
export function timeOr(iso, otherwise) {
  return localTime(iso) || otherwise;
}

/**
 * @typedef {object} GrantForm
 * @property {string} machine
 * @property {readonly string[]} permissions
 * @property {string} services
 */

/**
 * What a filled-in form of a grant sends, or what is missing in it.
 *
 * @param {GrantForm} form
 * @returns {{ problem: string } | { machine: string, body: object }}
 */
export function grantRequest({ machine: machineText, permissions, services: servicesText }) {
  const machine = machineText.trim();
  const services = names(servicesText);
  if (machine === "") return { problem: "Name a machine, or * for all of them" };
  if (permissions.length === 0) return { problem: "Choose at least one permission" };
  if (services.length > 0 && !permissions.includes("connect")) {
    return { problem: "Services limit the permission to connect: choose it, or name none" };
  }
  if (machine === "*" && permissions.includes("register")) {
    return { problem: "Permission to register is for one machine: name it" };
  }
  return { machine, body: { permissions, ...(services.length > 0 && { services }) } };
}

/**
 * What a filled-in form of a new identity sends, or what is missing in it.
 *
 * @param {{ id: string, role: string, days: string }} form
 * @param {number} nowMs
 * @returns {{ problem: string } | { body: object }}
 */
export function identityRequest({ id: idText, role, days }, nowMs) {
  const id = idText.trim();
  if (id === "") return { problem: "Give the identity a name" };
  const expiresAt = days === ""
    ? undefined
    : new Date(nowMs + Number(days) * 86_400_000).toISOString().replace(/\.\d+Z$/, "Z");
  return { body: { id, ...(role !== "user" && { role }), ...(expiresAt && { expiresAt }) } };
}

/**
 * What a changed name or role sends; undefined if neither has changed.
 *
 * @param {{ id: string, role: string }} form
 * @param {Identity} identity
 * @returns {{ problem: string } | { body: { id?: string, role?: string } } | undefined}
 */
export function changeRequest({ id: idText, role }, identity) {
  const id = idText.trim();
  if (id === "") return { problem: "Give the identity a name" };
  const hasNewRole = role !== (identity.role || "user");
  if (id === identity.id && !hasNewRole) return undefined;
  return {
    body: {
      ...(id !== identity.id && { id }),
      ...(hasNewRole && { role: role === "user" ? "" : role }),
    },
  };
}
