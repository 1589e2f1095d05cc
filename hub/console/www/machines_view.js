/** The view of machines. */

import {
  byId,
  copyable,
  element,
  setStatus,
  setText,
  setTime,
  showCard,
  statusBadge,
} from "./dom.js";
import { counted } from "./format.js";
import { KeyedList } from "./keyed_list.js";
import {
  connectCommand,
  isMachineShown,
  MACHINE_STATES,
  machineRows,
  machinesSummary,
} from "./machines.js";

/** @typedef {import("./machines.js").MachineRow} MachineRow */

/**
 * @param {HTMLElement} place
 * @param {readonly string[]} texts
 */
function setChips(place, texts) {
  const isSame = place.childElementCount === texts.length &&
    texts.every((text, i) => place.children[i]?.textContent === text);
  if (isSame) return;
  place.replaceChildren(...texts.map((text) => element("span", { className: "chip", text })));
}

/**
 * A cell that says what it is, since the table is not laid out as one.
 *
 * @param {readonly Node[]} children
 * @param {string} [className]
 */
function cell(children, className = "") {
  return element("td", { className, set: { role: "cell" } }, children);
}

/**
 * The row that tells how to reach a machine.
 *
 * @param {MachineRow} row
 * @param {string} hub
 */
function detailRow({ id, name, state }, hub) {
  const content = state === "offline"
    ? element("p", { className: "muted", text: "Offline. Start its agent to connect." })
    : copyable(connectCommand(id, { hub }), { label: `Copy the command for ${name}` });
  return element("tr", { className: "machine-detail", set: { role: "row" } }, [cell([content])]);
}

/**
 * One machine: a body of the table, with a second row while it is open.
 *
 * @param {string} hub
 */
function machineBody(hub) {
  const name = element("div", { className: "machine-name" });
  const meta = element("div", { className: "machine-meta" });
  const tags = element("div", { className: "chips machine-tags" });
  const narrowServices = element("div", { className: "machine-meta narrow" });
  const badge = statusBadge();
  const services = element("div", { className: "chips" });
  const sessions = cell([], "wide number");
  const seen = element("time");
  const open = element("button", {
    className: "link",
    text: "Connect",
    set: { type: "button", "aria-expanded": "false" },
  });
  const cells = [
    cell([name, meta, narrowServices, tags]),
    cell([badge]),
    cell([services], "wide"),
    sessions,
    cell([seen], "wide"),
    cell([open], "action"),
  ];
  const row = element("tr", { set: { role: "row" } }, cells);
  const node = element("tbody", { set: { role: "rowgroup" } }, [row]);
  /** @type {MachineRow | undefined} */
  let shown;
  let detailOf = "";
  const isOpen = () => open.ariaExpanded === "true";
  const showDetail = () => {
    const wanted = shown !== undefined && isOpen() ? `${shown.state === "offline"}` : "";
    if (wanted === detailOf) return;
    detailOf = wanted;
    node.querySelector(".machine-detail")?.remove();
    if (shown !== undefined && isOpen()) node.append(detailRow(shown, hub));
  };
  open.addEventListener("click", () => {
    open.setAttribute("aria-expanded", `${!isOpen()}`);
    showDetail();
  });
  /** @param {MachineRow} row */
  const update = (row) => {
    shown = row;
    setText(name, row.name);
    setText(meta, row.meta);
    setText(narrowServices, row.services.join(", "));
    setChips(tags, row.tags);
    setStatus(badge, MACHINE_STATES[row.state]);
    setChips(services, row.services);
    setText(sessions, `${row.sessions}`);
    setTime(seen, { iso: row.lastSeen, local: row.lastSeenLocal });
    open.setAttribute("aria-label", `Connect to ${row.name}`);
    showDetail();
  };
  return { node, update };
}

/** Shows machines, those that pass the filter. */
export class MachinesView {
  /** @type {KeyedList<MachineRow>} */
  #list;
  /** @type {readonly MachineRow[]} */
  #rows = [];
  #query = byId("machines-query", HTMLInputElement);
  #state = byId("machines-state", HTMLSelectElement);
  #isLoaded = false;

  /** @param {{ hub: string }} options address that clients dial */
  constructor({ hub }) {
    const card = byId("machines-card", HTMLElement);
    const table = /** @type {HTMLTableElement} */ (card.querySelector("table"));
    // The rows come after the heading, each machine in a body of its own.
    this.#list = new KeyedList(table, { key: ({ id }) => id, create: () => machineBody(hub) });
    const form = byId("machines-filter", HTMLFormElement);
    form.addEventListener("input", () => this.#filter());
    form.addEventListener("submit", (event) => event.preventDefault());
  }

  /**
   * @param {readonly import("./machines.js").MachineInfo[]} machines
   * @param {number} nowMs the hub's time
   */
  render(machines, nowMs) {
    this.#isLoaded = true;
    this.#rows = machineRows(machines, nowMs);
    this.#list.render(this.#rows);
    setText(byId("machines-summary", HTMLElement), machinesSummary(this.#rows));
    const names = byId("machine-names", HTMLDataListElement);
    const ids = this.#rows.map(({ id }) => id);
    if (names.dataset.ids !== ids.join("\n")) {
      names.dataset.ids = ids.join("\n");
      names.replaceChildren(...ids.map((value) => element("option", { set: { value } })));
    }
    this.#filter();
  }

  /** Nobody may look: shows nothing of before. */
  clear() {
    this.#isLoaded = false;
    this.#rows = [];
    this.#list.render([]);
    setText(byId("machines-summary", HTMLElement), "");
    this.#filter();
  }

  #filter() {
    const filter = { query: this.#query.value.trim(), state: this.#state.value };
    const keys = this.#rows.filter((row) => isMachineShown(row, filter)).map(({ id }) => id);
    this.#list.show(new Set(keys));
    const isFiltered = keys.length < this.#rows.length;
    setText(
      byId("machines-shown", HTMLElement),
      isFiltered ? `${keys.length} of ${counted(this.#rows.length, "machine")}` : "",
    );
    showCard("machines", { isEmpty: keys.length === 0, text: this.#emptyText() });
  }

  #emptyText() {
    if (!this.#isLoaded) return "Sign in to see the machines of this hub.";
    if (this.#rows.length > 0) return "No machine passes this filter. Shorten it to see more.";
    return "No machines registered. Make a pairing code for an agent under Pairing, then start it.";
  }
}
