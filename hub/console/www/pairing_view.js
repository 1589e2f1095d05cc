/** The view of pairing. */

import { ApiError } from "./api.js";
import { confirm } from "./dialogs.js";
import { byId, copyable, element, setText, setTime } from "./dom.js";
import { localTime } from "./format.js";
import { KeyedList } from "./keyed_list.js";
import { codeRows, MACHINE_FIELDS, pairingRequest, redeemCommand } from "./pairing.js";

/** @typedef {import("./pairing.js").CodeRow} CodeRow */
/** @typedef {import("./pairing.js").OpenCode} OpenCode */

/** @param {(row: CodeRow) => void} onWithdraw */
function codeItem(onWithdraw) {
  const purpose = element("td");
  const createdBy = element("td", { className: "wide" });
  const time = element("time");
  const button = element("button", {
    className: "btn btn-danger btn-sm",
    text: "Withdraw",
    set: { type: "button" },
  });
  const actions = element("div", { className: "row-actions" }, [button]);
  const cells = [purpose, createdBy, element("td", {}, [time]), element("td", {}, [actions])];
  const node = element("tr", {}, cells);
  /** @type {CodeRow | undefined} */
  let shown;
  button.addEventListener("click", () => shown && onWithdraw(shown));
  /** @param {CodeRow} row */
  const update = (row) => {
    shown = row;
    setText(purpose, row.purpose);
    setText(createdBy, row.createdBy);
    setTime(time, row.expires);
    button.setAttribute("aria-label", `Withdraw: ${row.purpose}`);
  };
  return { node, update };
}

/** Makes codes and shows the one made last, until it is done with; lists those that wait. */
export class PairingView {
  /** @type {import("./api.js").Api} */
  #api;
  /** @type {string} */
  #hub;
  /** @type {() => Promise<void>} */
  #onChange;
  #form = byId("pairing-form", HTMLFormElement);
  /** @type {KeyedList<CodeRow>} */
  #codes = new KeyedList(byId("open-codes", HTMLElement), {
    key: ({ id }) => id,
    create: () => codeItem((row) => this.#withdraw(row)),
  });

  /**
   * @param {import("./api.js").Api} api
   * @param {{ hub: string, onChange: () => Promise<void> }} options `hub`: address that clients and
   *   agents dial; `onChange` asks the hub anew and shows what it says
   */
  constructor(api, { hub, onChange }) {
    this.#api = api;
    this.#hub = hub;
    this.#onChange = onChange;
    this.#form.addEventListener("change", () => this.#adapt());
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#make();
    });
    byId("pairing-done", HTMLButtonElement).addEventListener("click", () => this.clear());
    this.#adapt();
  }

  /**
   * Shows the codes that wait to be redeemed.
   *
   * @param {readonly OpenCode[]} codes
   */
  render(codes) {
    this.#codes.render(codeRows(codes));
    byId("open-codes-card", HTMLElement).hidden = codes.length === 0;
  }

  /** @param {CodeRow} row */
  #withdraw({ id, purpose }) {
    confirm({
      title: "Withdraw code",
      text: `Nobody can redeem it any more. ${purpose}.`,
      action: "Withdraw",
    }, async () => {
      try {
        await this.#api.change("DELETE", `api/admin/pair-codes/${encodeURIComponent(id)}`);
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        // Redeemed, expired or withdrawn by somebody else meanwhile: gone in any case.
        if (error.status !== 404) return error.message;
      }
      await this.#onChange();
      return undefined;
    });
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
      await this.#onChange();
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
