/** How the page writes times, addresses and commands. */

/** @param {number} value */
const two = (value) => `${value}`.padStart(2, "0");

/**
 * A time as the viewer's clock has it.
 *
 * @param {string | null | undefined} iso RFC 3339
 * @returns {string} as `2026-08-01 09:30:00`; "" if there is no such time
 */
export function localTime(iso) {
  const date = new Date(iso ?? "");
  if (Number.isNaN(date.getTime())) return "";
  const day = [date.getFullYear(), two(date.getMonth() + 1), two(date.getDate())].join("-");
  const time = [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(":");
  return `${day} ${time}`;
}

/**
 * A number and what it counts.
 *
 * @param {number} count
 * @param {string} noun that takes an s
 * @returns {string} as `1 machine`, `2 machines`
 */
export function counted(count, noun) {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

/**
 * A word of a command line, quoted if a shell would read more into it.
 *
 * @param {string} word
 * @returns {string}
 */
export function shellWord(word) {
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/**
 * Addresses of the hub that served the page.
 *
 * @param {{ protocol: string, host: string, pathname: string }} location
 * @returns {{ http: string, ws: string }} without a final slash
 */
export function hubAddresses({ protocol, host, pathname }) {
  const base = host + pathname.replace(/[^/]*$/, "").replace(/\/+$/, "");
  const isSecure = protocol === "https:";
  return {
    http: `${isSecure ? "https" : "http"}://${base}`,
    ws: `${isSecure ? "wss" : "ws"}://${base}`,
  };
}

/**
 * Whether a text holds every word of a query, in any case.
 *
 * @param {string} haystack in lower case
 * @param {string} query
 * @returns {boolean}
 */
export function matchesWords(haystack, query) {
  return query.toLowerCase().split(/\s+/).every((word) => haystack.includes(word));
}

/**
 * @param {string} text names with commas between them
 * @returns {string[]}
 */
export function names(text) {
  return [...new Set(text.split(",").map((name) => name.trim()).filter((name) => name !== ""))];
}
