/** The view of identities and their permissions. */

import { identityDetail, identityRows, timeOr } from "./access.js";
import { AccessActions } from "./access_actions.js";
import { byId, element, setStatus, setText, statusBadge } from "./dom.js";
import { KeyedList } from "./keyed_list.js";
import { nextIndex } from "./menu.js";

/** @typedef {import("./access.js").Identity} Identity */
/** @typedef {import("./access.js").IdentityRow} IdentityRow */
/** @typedef {import("./access.js").GrantRow} GrantRow */

/** @param {(id: string) => void} onChoice */
function identityItem(onChoice) {
  const name = element("span", { className: "item-name" });
  const badge = statusBadge();
  const meta = element("div", { className: "item-meta" });
  const line = element("div", { className: "item-line" }, [name, badge]);
  const attributes = { role: "option", tabindex: "-1", "aria-selected": "false" };
  const node = element("div", { className: "sidebar-item", set: attributes }, [line, meta]);
  let id = "";
  node.addEventListener("click", () => onChoice(id));
  /** @param {IdentityRow} row */
  const update = (row) => {
    id = row.id;
    setText(name, row.id);
    name.title = row.id;
    setStatus(badge, row.state);
    setText(meta, `${row.role}, ${row.summary}`);
  };
  return { node, update };
}

/** @param {{ onEdit: (row: GrantRow) => void, onRemove: (row: GrantRow) => void }} handlers */
function grantItem({ onEdit, onRemove }) {
  const machine = element("td", { className: "mono-col" });
  const permissions = element("td");
  const services = element("td", { className: "wide" });
  const edit = element("button", {
    className: "btn btn-sm",
    text: "Edit",
    set: { type: "button" },
  });
  const remove = element("button", {
    className: "btn btn-danger btn-sm",
    text: "Remove",
    set: { type: "button" },
  });
  const actions = element("div", { className: "row-actions" }, [edit, remove]);
  const node = element("tr", {}, [machine, permissions, services, element("td", {}, [actions])]);
  /** @type {GrantRow | undefined} */
  let shown;
  edit.addEventListener("click", () => shown && onEdit(shown));
  remove.addEventListener("click", () => shown && onRemove(shown));
  /** @param {GrantRow} row */
  const update = (row) => {
    shown = row;
    setText(machine, row.label);
    setText(permissions, row.permissions.join(", "));
    setText(services, row.services.join(", ") || "All");
    edit.setAttribute("aria-label", `Edit permissions on ${row.label}`);
    remove.setAttribute("aria-label", `Remove permissions on ${row.label}`);
  };
  return { node, update };
}

/** Shows identities, and one of them in full. */
export class AccessView {
  /** @type {readonly Identity[]} */
  #identities = [];
  /** @type {string | undefined} */
  #chosen;
  #nowMs = 0;
  #listbox = byId("identities", HTMLElement);
  /** @type {KeyedList<IdentityRow>} */
  #items;
  /** @type {KeyedList<GrantRow>} */
  #grants;

  /**
   * @param {import("./api.js").Api} api
   * @param {{ onChange: () => Promise<void> }} options asks the hub anew and shows what it says
   */
  constructor(api, { onChange }) {
    const actions = new AccessActions(api, {
      onChange: async (id) => {
        this.#chosen = id;
        await onChange();
      },
    });
    this.#items = new KeyedList(this.#listbox, {
      key: ({ id }) => id,
      create: () => identityItem((id) => this.#choose(id)),
    });
    this.#grants = new KeyedList(byId("grants", HTMLElement), {
      key: ({ machine }) => machine,
      create: () =>
        grantItem({
          onEdit: (row) => this.#with((identity) => actions.editGrant(identity, row)),
          onRemove: (row) => this.#with((identity) => actions.removeGrant(identity, row)),
        }),
    });
    this.#listbox.addEventListener("keydown", (event) => this.#onKey(event));
    /** @type {[string, (identity: Identity) => void][]} */
    const buttons = [
      ["identity-edit", (identity) => actions.edit(identity)],
      ["identity-rotate", (identity) => actions.rotate(identity)],
      ["identity-revoke", (identity) => actions.revoke(identity)],
      ["identity-remove", (identity) => actions.remove(identity)],
      ["grant-new", (identity) => actions.grant(identity)],
    ];
    for (const [id, act] of buttons) {
      byId(id, HTMLButtonElement).addEventListener("click", () => this.#with(act));
    }
    byId("identity-new", HTMLButtonElement).addEventListener(
      "click",
      () => actions.create(this.#nowMs),
    );
  }

  /**
   * @param {readonly Identity[]} identities
   * @param {number} nowMs
   */
  render(identities, nowMs) {
    this.#identities = identities;
    this.#nowMs = nowMs;
    const rows = identityRows(identities, nowMs);
    this.#items.render(rows);
    this.#show();
  }

  /** @param {(identity: Identity) => void} act given the identity on screen */
  #with(act) {
    const identity = this.#identities.find(({ id }) => id === this.#chosen);
    if (identity !== undefined) act(identity);
  }

  /** @param {string} id */
  #choose(id) {
    this.#chosen = id;
    this.#show();
    this.#items.nodeOf(id)?.focus();
  }

  /** @param {KeyboardEvent} event */
  #onKey(event) {
    const ids = identityRows(this.#identities, this.#nowMs).map(({ id }) => id);
    const index = ids.findIndex((id) => this.#items.nodeOf(id) === document.activeElement);
    const next = nextIndex(event.key, { index, count: ids.length, axis: "vertical" });
    const isPress = event.key === "Enter" || event.key === " ";
    const id = isPress ? ids[index] : next === undefined ? undefined : ids[next];
    if (id === undefined) return;
    event.preventDefault();
    this.#choose(id);
  }

  #show() {
    const rows = identityRows(this.#identities, this.#nowMs);
    // The list may still be one of before the choice was there.
    const chosen = this.#identities.find(({ id }) => id === this.#chosen);
    // One stop of the Tab key: what is chosen, else the first.
    const stop = chosen?.id ?? rows[0]?.id;
    for (const { id } of rows) {
      const node = this.#items.nodeOf(id);
      node?.setAttribute("aria-selected", `${id === this.#chosen}`);
      if (node !== undefined) node.tabIndex = id === stop ? 0 : -1;
    }
    byId("identity-none", HTMLElement).hidden = chosen !== undefined;
    byId("identity", HTMLElement).hidden = chosen === undefined;
    if (chosen !== undefined) this.#showDetail(identityDetail(chosen, this.#nowMs));
  }

  /** @param {import("./access.js").IdentityDetail} detail */
  #showDetail({ id, role, preview, state, times, grants, note, can }) {
    /** @param {string} name @param {string} text */
    const set = (name, text) => setText(byId(name, HTMLElement), text);
    set("identity-id", id);
    setStatus(byId("identity-state", HTMLElement), state);
    set("identity-role", role);
    set("identity-preview", preview);
    set("identity-issued", timeOr(times.issued, "Not recorded"));
    set("identity-expires", timeOr(times.expires, "Never"));
    set("identity-revoked", timeOr(times.revoked, ""));
    byId("identity-revoked-fact", HTMLElement).hidden = times.revoked === "";
    set("grants-note", note);
    byId("grants-note", HTMLElement).hidden = note === "";
    byId("grants-table", HTMLElement).hidden = grants.length === 0;
    byId("grant-new", HTMLElement).hidden = !can.grant;
    byId("identity-revoke", HTMLElement).hidden = !can.revoke;
    this.#grants.render(grants);
  }
}
