/** What the view of recent activity shows, made of what the hub says. */

import { localTime, matchesWords } from "./format.js";

/**
 * An event of `/api/history`. Spec: hub-api.md 1.1
 *
 * @typedef {object} HistoryEvent
 * @property {string} machineId
 * @property {string} event
 * @property {string} timestamp
 * @property {string} [detail]
 */

/**
 * @typedef {object} ActivityRow
 * @property {string} key
 * @property {string} time RFC 3339
 * @property {string} timeLocal
 * @property {string} label
 * @property {"online" | "offline"} kind how the design language shows it
 * @property {string} machine
 * @property {string} detail
 * @property {string} words what a filter looks at, in lower case
 */

/** @type {ReadonlyMap<string, { label: string, kind: "online" | "offline" }>} */
const EVENTS = new Map([
  ["agent-register", { label: "Agent registered", kind: "online" }],
  ["agent-disconnect", { label: "Agent gone", kind: "offline" }],
  ["client-connect", { label: "Session opened", kind: "online" }],
  ["client-disconnect", { label: "Session closed", kind: "offline" }],
  ["agent-session-disconnect", { label: "Session ended by agent", kind: "offline" }],
  ["client-connect-bridge", { label: "Bridged session opened", kind: "online" }],
  ["client-disconnect-bridge", { label: "Bridged session closed", kind: "offline" }],
]);

/** @param {string} detail */
function detailText(detail) {
  if (/^[a-z-]+ disconnected$/.test(detail)) return "";
  const services = /^services=(.*)$/.exec(detail)?.[1];
  const ports = /^ports=\[(.*)\]$/.exec(detail)?.[1];
  if (services !== undefined) return services.split(",").join(", ");
  if (ports === undefined) return detail;
  return ports === "" ? "" : `ports ${ports.split(" ").join(", ")}`;
}

/**
 * The events as the hub orders them, newest first. Two alike in the same second are told apart by how
 * many came before, so that a row stays the same row when newer ones come.
 *
 * @param {readonly HistoryEvent[]} events
 * @returns {ActivityRow[]}
 */
export function activityRows(events) {
  /** @type {Map<string, number>} */
  const counts = new Map();
  return [...events].reverse().map(({ machineId: machine, event, timestamp, detail = "" }) => {
    const same = JSON.stringify([timestamp, machine, event, detail]);
    const count = (counts.get(same) ?? 0) + 1;
    counts.set(same, count);
    const { label, kind } = EVENTS.get(event) ?? { label: event, kind: "offline" };
    return {
      key: `${same}${count}`,
      time: timestamp,
      timeLocal: localTime(timestamp),
      label,
      kind,
      machine,
      detail: detailText(detail),
      words: [label, machine, detail].join("\n").toLowerCase(),
    };
  }).reverse();
}

/**
 * @param {ActivityRow} row
 * @param {string} query
 * @returns {boolean}
 */
export function isActivityShown({ words }, query) {
  return matchesWords(words, query);
}
