/** The views and how one gets from one to another: tabs, arrow keys, the address. */

import { byId } from "./dom.js";
import { nextIndex } from "./menu.js";

/** The views by the id of their panel, in the order of their tabs. */
export const VIEWS = /** @type {const} */ ([
  "machines",
  "activity",
  "access",
  "pairing",
  "audit",
  "cli",
]);

/** @typedef {typeof VIEWS[number]} ViewName */

/**
 * The view that a fragment of an address names; the first if it names none.
 *
 * @param {string} hash as `#audit`
 * @returns {ViewName}
 */
export function viewOf(hash) {
  return VIEWS.find((name) => `#${name}` === hash) ?? VIEWS[0];
}

/** Shows one view at a time. */
export class Tabs {
  /** @type {(view: ViewName) => void} */
  #onShow;
  /** @type {ViewName} */
  #current = VIEWS[0];

  /** @param {(view: ViewName) => void} onShow told of the view that is on screen from now on */
  constructor(onShow) {
    this.#onShow = onShow;
    VIEWS.forEach((name, index) => {
      const tab = byId(`tab-${name}`, HTMLButtonElement);
      tab.dataset.label = tab.textContent;
      tab.addEventListener("click", () => this.go(name));
      tab.addEventListener("keydown", (event) => {
        const row = { index, count: VIEWS.length, axis: /** @type {const} */ ("horizontal") };
        const view = VIEWS[nextIndex(event.key, row) ?? -1];
        if (view === undefined) return;
        event.preventDefault();
        this.go(view);
        byId(`tab-${view}`, HTMLButtonElement).focus();
      });
    });
    addEventListener("hashchange", () => this.#show(viewOf(location.hash)));
    this.#show(viewOf(location.hash));
  }

  /** The view on screen. */
  get current() {
    return this.#current;
  }

  /** @param {ViewName} name */
  go(name) {
    location.hash = name;
  }

  /** @param {ViewName} current */
  #show(current) {
    this.#current = current;
    for (const name of VIEWS) {
      const tab = byId(`tab-${name}`, HTMLButtonElement);
      const isCurrent = name === current;
      tab.setAttribute("aria-selected", `${isCurrent}`);
      tab.tabIndex = isCurrent ? 0 : -1;
      byId(name, HTMLElement).hidden = !isCurrent;
      if (isCurrent) tab.scrollIntoView({ block: "nearest", inline: "nearest" });
    }
    this.#onShow(current);
  }
}
