/** The view of recent activity. */

import { activityRows, isActivityShown } from "./activity.js";
import { byId, element, setStatus, setText, setTime, showCard, statusBadge } from "./dom.js";
import { KeyedList } from "./keyed_list.js";

/** @typedef {import("./activity.js").ActivityRow} ActivityRow */

function activityRow() {
  const time = element("time");
  const badge = statusBadge();
  const machine = element("td");
  const detail = element("td", { className: "wide" });
  const node = element("tr", {}, [
    element("td", {}, [time]),
    element("td", {}, [badge]),
    machine,
    detail,
  ]);
  /** @param {ActivityRow} row */
  const update = (row) => {
    setTime(time, { iso: row.time, local: row.timeLocal });
    setStatus(badge, row);
    setText(machine, row.machine);
    setText(detail, row.detail);
  };
  return { node, update };
}

/** Shows what happened with machines. */
export class ActivityView {
  /** @type {KeyedList<ActivityRow>} */
  #list = new KeyedList(byId("activity-rows", HTMLElement), {
    key: ({ key }) => key,
    create: activityRow,
  });
  /** @type {readonly ActivityRow[]} */
  #rows = [];
  #query = byId("activity-query", HTMLInputElement);
  #isLoaded = false;

  constructor() {
    const form = byId("activity-filter", HTMLFormElement);
    form.addEventListener("input", () => this.#filter());
    form.addEventListener("submit", (event) => event.preventDefault());
  }

  /** @param {readonly import("./activity.js").HistoryEvent[]} events newest first */
  render(events) {
    this.#isLoaded = true;
    this.#rows = activityRows(events);
    this.#list.render(this.#rows);
    this.#filter();
  }

  /** Nobody may look: shows nothing of before. */
  clear() {
    this.#isLoaded = false;
    this.#rows = [];
    this.#list.render([]);
    this.#filter();
  }

  #filter() {
    const query = this.#query.value.trim();
    const shown = this.#rows.filter((row) => isActivityShown(row, query));
    this.#list.show(new Set(shown.map(({ key }) => key)));
    const isFiltered = shown.length < this.#rows.length;
    setText(
      byId("activity-shown", HTMLElement),
      isFiltered ? `${shown.length} of ${this.#rows.length} events` : "",
    );
    showCard("activity", { isEmpty: shown.length === 0, text: this.#emptyText() });
  }

  #emptyText() {
    if (!this.#isLoaded) return "Sign in to see what happens on this hub.";
    if (this.#rows.length > 0) return "No event passes this filter. Shorten it to see more.";
    return "Nothing has happened yet. Start an agent to see its machine registered here.";
  }
}
