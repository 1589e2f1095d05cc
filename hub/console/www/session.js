/** Signing in and out. */

import { ApiError } from "./api.js";
import { openDialog } from "./dialogs.js";
import { byId, setText } from "./dom.js";

/**
 * Why a token does not let somebody in.
 *
 * @param {ApiError} error
 * @returns {string}
 */
export function signInProblem({ status, message }) {
  if (status === 401 || status === 403) {
    return "The hub knows this token as that of no owner or admin. Check it and try again";
  }
  return message;
}

/** Who uses the page. */
export class Session {
  /** @type {import("./api.js").Api} */
  #api;
  /** @type {() => void} */
  #onChange;

  /**
   * @param {import("./api.js").Api} api
   * @param {{ onChange: () => void }} options told that somebody has come or gone
   */
  constructor(api, { onChange }) {
    this.#api = api;
    this.#onChange = onChange;
    const openers = [
      byId("sign-in-open", HTMLButtonElement),
      ...document.querySelectorAll("[data-sign-in]"),
    ];
    for (const opener of openers) opener.addEventListener("click", () => this.#signIn());
    byId("sign-out", HTMLButtonElement).addEventListener("click", () => void this.#signOut());
    this.#show(undefined);
  }

  /** The hub takes the token no more: back to the page's own viewer. */
  expire() {
    this.#leave();
  }

  #signIn() {
    const field = byId("sign-in-token", HTMLInputElement);
    const dialog = byId("sign-in", HTMLDialogElement);
    dialog.addEventListener("close", () => field.value = "", { once: true });
    openDialog("sign-in", {
      commit: async (form) => {
        const token = `${form.get("token") ?? ""}`.trim();
        if (token === "") return "Paste a token";
        if (!/^[\x21-\x7e]+$/.test(token)) return "A token has no spaces and no accents. Check it";
        try {
          this.#show(await this.#api.change("POST", "api/admin/session", { token }));
        } catch (error) {
          if (!(error instanceof ApiError)) throw error;
          return signInProblem(error);
        }
        this.#api.use(token);
        this.#onChange();
        return undefined;
      },
    });
  }

  async #signOut() {
    try {
      await this.#api.change("DELETE", "api/admin/session");
    } catch (error) {
      // Whoever leaves may leave; all that is lost is the note of it.
      if (!(error instanceof ApiError)) throw error;
    }
    this.#leave();
    byId("sign-in-open", HTMLButtonElement).focus();
  }

  #leave() {
    this.#api.use(undefined);
    this.#show(undefined);
    this.#onChange();
  }

  /** @param {{ id: string, role: string } | undefined} who */
  #show(who) {
    setText(byId("who", HTMLElement), who === undefined ? "" : `${who.id} (${who.role})`);
    byId("sign-in-open", HTMLElement).hidden = who !== undefined;
    byId("sign-out", HTMLElement).hidden = who === undefined;
    for (const part of document.querySelectorAll(".signed-in, .needs-sign-in")) {
      if (part instanceof HTMLElement) {
        part.hidden = part.matches(".signed-in") !== (who !== undefined);
      }
    }
  }
}
