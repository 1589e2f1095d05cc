/** What the view of pairing sends and shows. */

import { names, shellWord } from "./format.js";

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
    return { body: { ...shared, machineId }, scope: `Registers ${machineId}` };
  }
  if (machines.length === 0) return { problem: "Name at least one machine, or * for all" };
  const isAll = machines.includes("*");
  return {
    body: { ...shared, machines: isAll ? ["*"] : machines, role },
    scope: `${role === "user" ? "User" : role === "admin" ? "Admin" : "Owner"} who connects to ${
      isAll ? "every machine" : machines.join(", ")
    }`,
  };
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
