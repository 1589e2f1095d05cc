/** The view of the audit. */

import { ApiError } from "./api.js";
import {
  AUDIT_KINDS,
  auditQuery,
  auditRows,
  joinRecords,
  PAGE_RECORDS,
  verification,
} from "./audit.js";
import { toast } from "./dialogs.js";
import { byId, element, setStatus, setText, setTime, showCard, statusBadge } from "./dom.js";
import { KeyedList } from "./keyed_list.js";

/** @typedef {import("./audit.js").AuditRow} AuditRow */
/** @typedef {import("./audit.js").AuditRecord} AuditRecord */

function auditRow() {
  const time = element("time");
  const label = element("td");
  const badge = statusBadge();
  const identity = element("div");
  const source = element("div", { className: "machine-meta" });
  const machine = element("td", { className: "wide" });
  const detail = element("td", { className: "wide" });
  const node = element("tr", {}, [
    element("td", {}, [time]),
    label,
    element("td", {}, [badge]),
    element("td", {}, [identity, source]),
    machine,
    detail,
  ]);
  /** @param {AuditRow} row */
  const update = (row) => {
    setTime(time, { iso: row.time, local: row.timeLocal });
    setText(label, row.label);
    setStatus(badge, row.result);
    setText(identity, row.identity);
    setText(source, row.source);
    setText(machine, row.machine);
    setText(detail, row.detail);
  };
  return { node, update };
}

/** Shows records, as far back as somebody asks. */
export class AuditView {
  /** @type {import("./api.js").Api} */
  #api;
  /** @type {KeyedList<AuditRow>} */
  #list = new KeyedList(byId("audit-rows", HTMLElement), {
    key: ({ key }) => key,
    create: auditRow,
  });
  #form = byId("audit-filter", HTMLFormElement);
  /** @type {readonly AuditRecord[]} */
  #records = [];
  /** @type {number | undefined} */
  #before;

  /**
   * @param {import("./api.js").Api} api
   * @param {{ onChange: () => Promise<void> }} options asks the hub anew and shows what it says
   */
  constructor(api, { onChange }) {
    this.#api = api;
    byId("audit-kind", HTMLSelectElement).append(
      ...AUDIT_KINDS.map(({ value, label }) => element("option", { text: label, set: { value } })),
    );
    this.#form.addEventListener("change", () => void this.#restart(onChange));
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#restart(onChange);
    });
    this.#onClick("audit-older", () => this.#older());
    this.#onClick("audit-verify", () => this.#verify());
    this.#onClick("audit-export", () => this.#export());
  }

  /** Gets the newest records and shows them before those that are shown. @throws {ApiError} */
  async refresh() {
    const query = this.#query();
    const page = await this.#api.get(`api/admin/audit?${query}`);
    // Somebody has chosen another filter since.
    if (query !== this.#query()) return;
    const { records, isJoined } = joinRecords(this.#records, page);
    if (this.#records.length === 0 || !isJoined) this.#before = page.before;
    this.#records = records;
    this.#show();
    const { auditDegraded } = page;
    if (auditDegraded === undefined) return;
    const waiting = `${auditDegraded.waiting} records wait, ${auditDegraded.lost} are lost`;
    this.#note({
      isOk: false,
      text: `Records cannot be written (${auditDegraded.fault}): ${waiting}`,
    });
  }

  /** Forgets everything: somebody has signed out. */
  clear() {
    this.#records = [];
    this.#before = undefined;
    byId("audit-note", HTMLElement).hidden = true;
    this.#show();
  }

  /** @param {number} [before] */
  #query(before) {
    const form = new FormData(this.#form);
    /** @param {string} name */
    const text = (name) => `${form.get(name) ?? ""}`;
    return auditQuery({
      kind: text("kind"),
      result: text("result"),
      identity: text("identity"),
      machine: text("machine"),
    }, { limit: PAGE_RECORDS, ...(before !== undefined && { before }) });
  }

  #show() {
    this.#list.render(auditRows(this.#records));
    const isEmpty = this.#records.length === 0;
    showCard("audit", {
      isEmpty,
      text: "No record passes this filter. Choose another kind or clear the fields.",
    });
    byId("audit-older", HTMLElement).hidden = isEmpty || this.#before === undefined;
  }

  /** @param {() => Promise<void>} onChange */
  async #restart(onChange) {
    this.#records = [];
    this.#before = undefined;
    await onChange();
  }

  async #older() {
    const query = this.#query(this.#before);
    const { records, before } = await this.#api.get(`api/admin/audit?${query}`);
    this.#records = [...this.#records, ...records];
    this.#before = before;
    this.#show();
  }

  async #verify() {
    this.#note(verification(await this.#api.get("api/admin/audit/verify")));
  }

  async #export() {
    const file = await this.#api.download(`api/admin/audit/export?${this.#query()}`);
    const url = URL.createObjectURL(file);
    element("a", { set: { href: url, download: "audit.jsonl" } }).click();
    URL.revokeObjectURL(url);
  }

  /** @param {{ isOk: boolean, text: string }} message */
  #note({ isOk, text }) {
    const note = byId("audit-note", HTMLElement);
    note.className = `note ${isOk ? "note-ok" : "note-danger"}`;
    setText(note, text);
    note.hidden = false;
  }

  /**
   * @param {string} id of a button, which is off while its work is going on
   * @param {() => Promise<void>} act
   */
  #onClick(id, act) {
    const button = byId(id, HTMLButtonElement);
    button.addEventListener("click", async () => {
      button.disabled = true;
      try {
        await act();
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        toast(error.message);
      } finally {
        button.disabled = false;
      }
    });
  }
}
