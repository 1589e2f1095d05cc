/** What the view of machines shows, made of what the hub says. */

import { counted, localTime, matchesWords, shellWord } from "./format.js";

/** An agent that has not been heard of for longer is stale. Spec: hub-api.md D16 */
const STALE_AFTER_MS = 60_000;

/**
 * @typedef {object} ServiceInfo
 * @property {number} port
 * @property {string} name
 */

/**
 * A machine of `/api/status`. Spec: hub-api.md 1.1
 *
 * @typedef {object} MachineInfo
 * @property {string} id
 * @property {string | null} displayName
 * @property {string | null} [hostname]
 * @property {string | null} [os]
 * @property {string | null} [agentVersion]
 * @property {string | null} [lastSeen]
 * @property {readonly string[]} tags
 * @property {readonly ServiceInfo[]} services
 * @property {boolean} agentConnected
 * @property {number} sessionCount
 * @property {{ hubUrl: string }} [reachableThrough]
 */

/**
 * @typedef {object} MachineRow
 * @property {string} id
 * @property {string} name what it is called
 * @property {string} meta host, system and version, as far as known
 * @property {readonly string[]} tags
 * @property {"online" | "stale" | "offline"} state
 * @property {readonly string[]} services as `SSH :22`
 * @property {number} sessions
 * @property {string} lastSeen RFC 3339, "" if never
 * @property {string} lastSeenLocal
 * @property {string} words what a filter looks at, in lower case
 */

/** How the design language shows each state. */
export const MACHINE_STATES = /** @type {const} */ ({
  online: { kind: "online", label: "Online" },
  stale: { kind: "degraded", label: "Stale" },
  offline: { kind: "offline", label: "Offline" },
});

/**
 * @param {MachineInfo} machine
 * @param {number} nowMs
 * @returns {MachineRow["state"]}
 */
function stateOf({ agentConnected, lastSeen }, nowMs) {
  if (!agentConnected) return "offline";
  return nowMs - Date.parse(lastSeen ?? "") > STALE_AFTER_MS ? "stale" : "online";
}

/**
 * @param {MachineInfo} machine
 * @param {number} nowMs
 * @returns {MachineRow}
 */
function machineRow(machine, nowMs) {
  const { id, displayName, hostname, os, agentVersion, tags, lastSeen, reachableThrough } = machine;
  const name = displayName || id;
  const via = reachableThrough === undefined ? null : `through ${reachableThrough.hubUrl}`;
  const shownId = name === id ? null : id;
  const meta = [shownId, hostname, os, agentVersion, via].filter((part) => part).join(" · ");
  const services = machine.services.map(({ name, port }) => `${name} :${port}`);
  return {
    id,
    name,
    meta,
    tags,
    state: stateOf(machine, nowMs),
    services,
    sessions: machine.sessionCount,
    lastSeen: lastSeen ?? "",
    lastSeenLocal: localTime(lastSeen),
    words: [name, id, meta, ...tags, ...services].join("\n").toLowerCase(),
  };
}

/**
 * The machines by name, in an order that stays.
 *
 * @param {readonly MachineInfo[]} machines
 * @param {number} nowMs the hub's time, in milliseconds since 1970
 * @returns {MachineRow[]}
 */
export function machineRows(machines, nowMs) {
  const order = new Intl.Collator("en", { numeric: true }).compare;
  return machines.map((machine) => machineRow(machine, nowMs))
    .sort((a, b) => order(a.name, b.name) || (a.id < b.id ? -1 : 1));
}

/**
 * Whether a machine passes the filter.
 *
 * @param {MachineRow} row
 * @param {{ query: string, state: string }} filter "" for any
 * @returns {boolean}
 */
export function isMachineShown({ words, state }, filter) {
  return (filter.state === "" || state === filter.state) && matchesWords(words, filter.query);
}

/**
 * @param {readonly MachineRow[]} rows
 * @returns {string} as `3 machines, 2 online, 1 session`
 */
export function machinesSummary(rows) {
  const online = rows.filter(({ state }) => state !== "offline").length;
  const sessions = rows.reduce((sum, row) => sum + row.sessions, 0);
  return `${counted(rows.length, "machine")}, ${online} online, ${counted(sessions, "session")}`;
}

/**
 * What somebody runs to reach a machine.
 *
 * @param {string} id
 * @param {{ hub: string }} options address of the hub
 * @returns {string}
 */
export function connectCommand(id, { hub }) {
  return `tela connect -hub ${shellWord(hub)} -machine ${shellWord(id)}`;
}
