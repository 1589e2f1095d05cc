/** What can be done with identities, each in a dialog. */

import { changeRequest, grantRequest, identityRequest } from "./access.js";
import { ApiError } from "./api.js";
import { confirm, openDialog, showSecret } from "./dialogs.js";
import { byId } from "./dom.js";

/** @typedef {import("./access.js").Identity} Identity */
/** @typedef {import("./access.js").GrantRow} GrantRow */

/** Somebody else has changed what this was to change. Spec: hub-api.md 1.2 */
const CONFLICT = 412;

/** @param {string} id */
const accessPath = (id) => `api/admin/access/${encodeURIComponent(id)}`;

/**
 * @param {FormData} form
 * @param {string} name
 */
const textOf = (form, name) => `${form.get(name) ?? ""}`;

/** Opens dialogs, sends what they ask for, and has the result shown. */
export class AccessActions {
  /** @type {import("./api.js").Api} */
  #api;
  /** @type {(chosen: string | undefined) => Promise<void>} */
  #onChange;

  /**
   * @param {import("./api.js").Api} api
   * @param {{ onChange: (chosen: string | undefined) => Promise<void> }} options told of each change,
   *   and which identity is to be on screen then
   */
  constructor(api, { onChange }) {
    this.#api = api;
    this.#onChange = onChange;
  }

  /**
   * Makes an identity and shows its token.
   *
   * @param {number} nowMs the hub's time, from which a lifetime counts
   */
  create(nowMs) {
    prepareIdentityForm({
      title: "New identity",
      action: "Create",
      id: "",
      role: "user",
      isNew: true,
    });
    openDialog("identity-form", {
      commit: async (form) => {
        const fields = {
          id: textOf(form, "id"),
          role: textOf(form, "role"),
          days: textOf(form, "days"),
        };
        const request = identityRequest(fields, nowMs);
        if ("problem" in request) return request.problem;
        return await this.#attempt(undefined, async () => {
          const { id, token } = await this.#api.change("POST", "api/admin/tokens", request);
          await this.#onChange(id);
          queueMicrotask(() => showSecret({ title: `Token of ${id}`, token }));
        });
      },
    });
  }

  /**
   * Changes name and role.
   *
   * @param {Identity} identity
   */
  edit(identity) {
    const { id, version } = identity;
    const role = identity.role || "user";
    prepareIdentityForm({ title: `Edit ${id}`, action: "Save", id, role, isNew: false });
    openDialog("identity-form", {
      commit: async (form) => {
        const fields = { id: textOf(form, "id"), role: textOf(form, "role") };
        const request = changeRequest(fields, identity);
        if (request === undefined) return undefined;
        if ("problem" in request) return request.problem;
        const { body } = request;
        return await this.#attempt(id, async () => {
          await this.#api.change("PATCH", accessPath(id), { body, version });
          await this.#onChange(body.id ?? id);
        });
      },
    });
  }

  /**
   * Gives permissions on a machine that is chosen in the dialog.
   *
   * @param {Identity} identity
   */
  grant(identity) {
    this.#grantDialog(identity, {
      title: `Grant permission to ${identity.id}`,
      row: { machine: "", label: "", permissions: ["connect"], services: [] },
    });
  }

  /**
   * Changes permissions on one machine.
   *
   * @param {Identity} identity
   * @param {GrantRow} row
   */
  editGrant(identity, row) {
    this.#grantDialog(identity, { title: `Permissions of ${identity.id} on ${row.label}`, row });
  }

  /**
   * @param {Identity} identity
   * @param {GrantRow} row
   */
  removeGrant({ id, version }, { machine, label }) {
    confirm({
      title: "Remove permissions",
      text: `${id} loses all permissions on ${label}. Sessions that need them end at once.`,
      action: "Remove",
    }, () =>
      this.#attempt(id, async () => {
        const path = `${accessPath(id)}/machines/${encodeURIComponent(machine)}`;
        await this.#api.change("DELETE", path, { version });
        await this.#onChange(id);
      }));
  }

  /** @param {Identity} identity */
  rotate({ id, version }) {
    confirm({
      title: "Rotate token",
      text: `${id} gets a new token. The present one stops working and its sessions end at once.`,
      action: "Rotate",
    }, () =>
      this.#attempt(id, async () => {
        const path = `api/admin/rotate/${encodeURIComponent(id)}`;
        const { token } = await this.#api.change("POST", path, { version });
        queueMicrotask(() => showSecret({ title: `New token of ${id}`, token }));
        await this.#onChange(id);
      }));
  }

  /** @param {Identity} identity */
  revoke({ id, version }) {
    confirm({
      title: "Revoke token",
      text:
        `The token of ${id} stops working and its sessions end at once. Its permissions stay, ` +
        "and apply again once the token is rotated.",
      action: "Revoke",
    }, () =>
      this.#attempt(id, async () => {
        await this.#api.change("POST", `api/admin/tokens/${encodeURIComponent(id)}/revoke`, {
          version,
        });
        await this.#onChange(id);
      }));
  }

  /** @param {Identity} identity */
  remove({ id, version }) {
    confirm({
      title: "Remove identity",
      text: `${id} is removed with its token and all its permissions. Its sessions end at once. ` +
        "This cannot be undone.",
      action: "Remove",
    }, () =>
      this.#attempt(id, async () => {
        await this.#api.change("DELETE", accessPath(id), { version });
        await this.#onChange(undefined);
      }));
  }

  /**
   * @param {Identity} identity
   * @param {{ title: string, row: GrantRow }} options what is in the form at first
   */
  #grantDialog({ id, version }, { title, row }) {
    prepareGrantForm(title, row);
    openDialog("grant-form", {
      commit: async (form) => {
        const request = grantRequest({
          // A field that must not be changed is not part of the form.
          machine: row.machine || textOf(form, "machine"),
          permissions: form.getAll("permission").map(String),
          services: textOf(form, "services"),
        });
        if ("problem" in request) return request.problem;
        const { machine, body } = request;
        return await this.#attempt(id, async () => {
          const path = `${accessPath(id)}/machines/${encodeURIComponent(machine)}`;
          await this.#api.change("PUT", path, { body, version });
          await this.#onChange(id);
        });
      },
    });
  }

  /**
   * @param {string | undefined} id of what is changed, if it is there already
   * @param {() => Promise<void>} change
   * @returns {Promise<string | undefined>} why it could not be done
   */
  async #attempt(id, change) {
    try {
      await change();
      return undefined;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (error.status !== CONFLICT) return error.message;
      await this.#onChange(id);
      return `Somebody else has just changed ${id}. Cancel, look at it as it is now, and try again`;
    }
  }
}

/** @param {{ title: string, action: string, id: string, role: string, isNew: boolean }} content */
function prepareIdentityForm({ title, action, id, role, isNew }) {
  const dialog = byId("identity-form", HTMLDialogElement);
  byId("identity-form-title", HTMLElement).textContent = title;
  byId("identity-form-id", HTMLInputElement).value = id;
  const button = dialog.querySelector("[data-commit]");
  if (button !== null) button.textContent = action;
  for (const part of dialog.querySelectorAll("[data-only]")) {
    if (!(part instanceof HTMLElement)) continue;
    part.hidden = part.dataset.only !== (isNew ? "new" : "edit");
  }
  byId("identity-form-days", HTMLSelectElement).value = "";
  byId("identity-form-role", HTMLSelectElement).value = role;
}

/**
 * @param {string} title
 * @param {GrantRow} row
 */
function prepareGrantForm(title, { machine, permissions, services }) {
  const dialog = byId("grant-form", HTMLDialogElement);
  const isNew = machine === "";
  byId("grant-form-title", HTMLElement).textContent = title;
  const field = byId("grant-form-machine", HTMLInputElement);
  field.value = machine;
  field.disabled = !isNew;
  for (const box of dialog.querySelectorAll("input")) {
    if (box.type === "checkbox") box.checked = permissions.some((name) => name === box.value);
  }
  byId("grant-form-services", HTMLInputElement).value = services.join(", ");
  const button = dialog.querySelector("[data-commit]");
  if (button !== null) button.textContent = isNew ? "Grant" : "Save";
}
