/** The view of pairing. */

import { ApiError } from "./api.js";
import { byId, copyable, setTime } from "./dom.js";
import { localTime } from "./format.js";
import { MACHINE_FIELDS, pairingRequest, redeemCommand } from "./pairing.js";

/** Makes codes and shows the one made last, until it is done with. */
export class PairingView {
  /** @type {import("./api.js").Api} */
  #api;
  /** @type {string} */
  #hub;
  #form = byId("pairing-form", HTMLFormElement);

  /**
   * @param {import("./api.js").Api} api
   * @param {{ hub: string }} options address that clients and agents dial
   */
  constructor(api, { hub }) {
    this.#api = api;
    this.#hub = hub;
    this.#form.addEventListener("change", () => this.#adapt());
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#make();
    });
    byId("pairing-done", HTMLButtonElement).addEventListener("click", () => this.clear());
    this.#adapt();
  }

  /** Forgets the code on screen. */
  clear() {
    byId("pairing-result", HTMLElement).hidden = true;
    byId("pairing-none", HTMLElement).hidden = false;
    byId("pairing-code", HTMLElement).textContent = "";
    byId("pairing-command", HTMLElement).replaceChildren();
  }

  /** Makes the form fit for the type that is chosen. */
  #adapt() {
    const isConnect = new FormData(this.#form).get("type") === "connect";
    const { label, hint } = MACHINE_FIELDS[isConnect ? "connect" : "register"];
    const machines = byId("pairing-machines", HTMLInputElement);
    byId("pairing-machines-label", HTMLElement).textContent = label;
    byId("pairing-machines-hint", HTMLElement).textContent = hint;
    byId("pairing-role", HTMLSelectElement).disabled = !isConnect;
    if (!isConnect && machines.value === "*") machines.value = "";
    if (isConnect && machines.value === "") machines.value = "*";
    this.#showProblem(undefined);
  }

  async #make() {
    const form = new FormData(this.#form);
    const fields = {
      type: `${form.get("type")}`,
      machines: `${form.get("machines")}`,
      role: `${form.get("role") ?? "user"}`,
      expiresIn: `${form.get("expiresIn")}`,
    };
    const request = pairingRequest(fields);
    this.#showProblem("problem" in request ? request.problem : undefined);
    if ("problem" in request) return byId("pairing-machines", HTMLInputElement).focus();
    const error = byId("pairing-error", HTMLElement);
    const button = this.#form.querySelector("button");
    error.hidden = true;
    if (button !== null) button.disabled = true;
    try {
      const pairing = await this.#api.change("POST", "api/admin/pair-code", { body: request.body });
      this.#show(pairing, request.scope);
    } catch (thrown) {
      if (!(thrown instanceof ApiError)) throw thrown;
      error.textContent = thrown.message;
      error.hidden = false;
    } finally {
      if (button !== null) button.disabled = false;
    }
  }

  /** @param {string | undefined} problem */
  #showProblem(problem) {
    const field = byId("pairing-machines", HTMLInputElement);
    const place = byId("pairing-machines-error", HTMLElement);
    field.classList.toggle("invalid", problem !== undefined);
    field.setAttribute("aria-invalid", `${problem !== undefined}`);
    place.textContent = problem ?? "";
    place.hidden = problem === undefined;
  }

  /**
   * @param {{ code: string, type: string, expiresAt: string }} pairing
   * @param {string} scope
   */
  #show({ code, type, expiresAt }, scope) {
    const title = byId("pairing-result-title", HTMLElement);
    title.textContent = type === "register" ? "Code for an agent" : "Code for a person";
    byId("pairing-result-for", HTMLElement).textContent = `${scope}. Works once.`;
    byId("pairing-code", HTMLElement).textContent = code;
    const expires = byId("pairing-expires", HTMLTimeElement);
    setTime(expires, { iso: expiresAt, local: localTime(expiresAt) });
    const command = redeemCommand({ type, code }, { hub: this.#hub });
    const options = { label: "Copy the command", wraps: true };
    byId("pairing-command", HTMLElement).replaceChildren(copyable(command, options));
    byId("pairing-none", HTMLElement).hidden = true;
    byId("pairing-result", HTMLElement).hidden = false;
    title.focus();
  }
}
