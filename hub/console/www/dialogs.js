/**
 * Dialogs of the page. `showModal` stacks them, keeps focus inside, and gives it back afterwards.
 *
 * @module
 */

import { byId, copyable, element } from "./dom.js";

/**
 * @typedef {object} DialogOptions
 * @property {(form: FormData) => Promise<string | undefined>} commit does what the dialog is for; a
 *   text says why it cannot be done, and the dialog stays open
 */

/**
 * Opens a dialog of `index.html`.
 *
 * @param {string} id
 * @param {DialogOptions} options
 */
export function openDialog(id, { commit }) {
  const dialog = byId(id, HTMLDialogElement);
  const form = dialog.querySelector("form");
  const button = dialog.querySelector("[data-commit]");
  if (form === null || !(button instanceof HTMLButtonElement)) {
    throw new TypeError(`Not a form: #${id}`);
  }
  const ended = new AbortController();
  const { signal } = ended;
  showError(dialog, undefined);
  for (const closer of dialog.querySelectorAll("[data-close]")) {
    closer.addEventListener("click", () => dialog.close(), { signal });
  }
  dialog.addEventListener("close", () => ended.abort(), { signal });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    button.disabled = true;
    showError(dialog, undefined);
    try {
      const problem = await commit(new FormData(form));
      if (signal.aborted) return;
      if (problem === undefined) dialog.close();
      showError(dialog, problem);
    } finally {
      button.disabled = false;
    }
  }, { signal });
  dialog.showModal();
}

/**
 * @param {HTMLDialogElement} dialog
 * @param {string | undefined} problem
 */
function showError(dialog, problem) {
  const place = dialog.querySelector("[data-error]");
  if (!(place instanceof HTMLElement)) return;
  place.textContent = problem ?? "";
  place.hidden = problem === undefined;
}

/**
 * Asks before something is done that cannot be undone.
 *
 * @param {{ title: string, text: string, action: string }} question
 * @param {() => Promise<string | undefined>} commit as in {@linkcode DialogOptions}
 */
export function confirm({ title, text, action }, commit) {
  const dialog = byId("confirm", HTMLDialogElement);
  byId("confirm-title", HTMLElement).textContent = title;
  byId("confirm-text", HTMLElement).textContent = text;
  const button = dialog.querySelector("[data-commit]");
  if (button !== null) button.textContent = action;
  openDialog("confirm", { commit });
}

/**
 * Shows a token, once: when the dialog closes it is gone from the page.
 *
 * @param {{ title: string, token: string }} secret
 */
export function showSecret({ title, token }) {
  const dialog = byId("secret", HTMLDialogElement);
  const place = byId("secret-token", HTMLElement);
  byId("secret-title", HTMLElement).textContent = title;
  place.replaceChildren(copyable(token, { label: "Copy the token", wraps: true }));
  dialog.addEventListener("close", () => place.replaceChildren(), { once: true });
  openDialog("secret", { commit: () => Promise.resolve(undefined) });
}

/** Closes every dialog, as by Cancel, when the page goes: nothing shown in one comes back with it. */
export function cancelDialogsOnLeave() {
  addEventListener("beforeunload", () => {
    for (const dialog of document.querySelectorAll("dialog")) dialog.close();
  });
}

/**
 * Says what went wrong until it is dismissed.
 *
 * @param {string} text
 */
export function toast(text) {
  const place = byId("toasts", HTMLElement);
  // The same again says nothing new.
  for (const shown of place.children) if (shown.firstChild?.textContent === text) shown.remove();
  const close = element("button", {
    className: "modal-close",
    set: { type: "button", "aria-label": "Dismiss" },
  });
  const shown = element("div", { className: "toast" }, [element("span", { text }), close]);
  close.addEventListener("click", () => shown.remove());
  place.append(shown);
}
