/** Light, dark or as the system has it; `early_theme.js` does the same before the first paint. */

import { byId } from "./dom.js";
import { attachMenu } from "./menu.js";

/** Where the choice is kept. It is the only thing that the page keeps. Spec: hub-api.md 9 */
const KEY = "tela_console_theme";

/** @typedef {"light" | "dark" | "system"} ThemeChoice */

/**
 * @param {string | null} stored
 * @returns {ThemeChoice}
 */
export function themeChoice(stored) {
  return stored === "light" || stored === "dark" ? stored : "system";
}

/**
 * @param {ThemeChoice} choice
 * @param {boolean} prefersDark
 * @returns {"light" | "dark"}
 */
export function effectiveTheme(choice, prefersDark) {
  if (choice !== "system") return choice;
  return prefersDark ? "dark" : "light";
}

/** Storage can be blocked; then a choice holds until the page goes. */
function storedChoice() {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}

/** @param {ThemeChoice} choice */
function store(choice) {
  try {
    localStorage.setItem(KEY, choice);
  } catch {
    // As above.
  }
}

/** Makes the menu work and follows the system. */
export function startTheme() {
  const prefersDark = matchMedia("(prefers-color-scheme: dark)");
  const menu = byId("theme-menu", HTMLElement);
  const items = [...menu.querySelectorAll("button")];
  let choice = themeChoice(storedChoice());
  const apply = () => {
    document.documentElement.dataset.theme = effectiveTheme(choice, prefersDark.matches);
    for (const item of items) {
      item.setAttribute("aria-checked", `${item.dataset.themeChoice === choice}`);
    }
  };
  prefersDark.addEventListener("change", apply);
  attachMenu(byId("theme-open", HTMLButtonElement), menu, (item) => {
    choice = themeChoice(item.dataset.themeChoice ?? null);
    store(choice);
    apply();
  });
  apply();
}
