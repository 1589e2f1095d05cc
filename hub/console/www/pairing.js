/** What the view of pairing sends and shows. */

import { localTime, names, shellWord } from "./format.js";

/**
 * A code of `/api/admin/pair-codes`, which does not say the code itself.
 *
 * @typedef {object} OpenCode
 * @property {string} id
 * @property {string} type `connect` or `register`
 * @property {readonly string[]} machines
 * @property {string} role
 * @property {string} [createdBy]
 * @property {string} expiresAt
 */

/**
 * @typedef {object} CodeRow
 * @property {string} id
 * @property {string} purpose
 * @property {string} createdBy
 * @property {{ iso: string, local: string }} expires
 */

/**
 * @typedef {object} PairingForm
 * @property {string} type `connect` or `register`
 * @property {string} machines names with commas between them, or `*`
 * @property {string} role
 * @property {string} expiresIn seconds
 */

/** What the form says of its field of machines, by type of code. */
export const MACHINE_FIELDS = /** @type {const} */ ({
  connect: {
    label: "Machines",
    hint: "Names with commas between them. * stands for every machine.",
  },
  register: { label: "Machine", hint: "Name under which the agent registers." },
});

/**
 * What a filled-in form sends, or what is wrong with its machines. Spec: hub-api.md 1.4
 *
 * @param {PairingForm} form
 * @returns {{ problem: string } | { body: object, scope: string }}
 */
export function pairingRequest({ type, machines: text, role, expiresIn }) {
  const machines = names(text);
  const shared = { type, expiresIn: Number(expiresIn) };
  if (type === "register") {
    const [machineId] = machines;
    if (machineId === undefined || machines.length > 1 || machineId === "*") {
      return { problem: "Name the one machine that the agent registers" };
    }
    const scope = purposeOf({ type, machines: [machineId], role });
    return { body: { ...shared, machineId }, scope };
  }
  if (machines.length === 0) return { problem: "Name at least one machine, or * for all" };
  const isAll = machines.includes("*");
  return {
    body: { ...shared, machines: isAll ? ["*"] : machines, role },
    scope: purposeOf({ type, machines, role }),
  };
}

/** @type {Readonly<Record<string, string>>} */
const ROLES = { owner: "Owner", admin: "Admin", viewer: "Viewer", user: "User" };

/**
 * What somebody is to do with a code.
 *
 * @param {Pick<OpenCode, "type" | "machines" | "role">} code
 * @returns {string}
 */
export function purposeOf({ type, machines, role }) {
  const where = machines.includes("*") ? "every machine" : machines.join(", ");
  if (type === "register") return `Registers ${where}`;
  return `${ROLES[role] ?? role} who connects to ${where}`;
}

/**
 * The codes that wait to be redeemed.
 *
 * @param {readonly OpenCode[]} codes
 * @returns {CodeRow[]}
 */
export function codeRows(codes) {
  return codes.map(({ id, createdBy = "Nobody any more", expiresAt, ...code }) => ({
    id,
    purpose: purposeOf(code),
    createdBy,
    expires: { iso: expiresAt, local: localTime(expiresAt) },
  }));
}

/**
 * What the receiver of a code runs.
 *
 * @param {{ type: string, code: string }} pairing
 * @param {{ hub: string }} options address of the hub
 * @returns {string}
 */
export function redeemCommand({ type, code }, { hub }) {
  const program = type === "register" ? "telad" : "tela";
  return `${program} pair -hub ${shellWord(hub)} -code ${shellWord(code)}`;
}
