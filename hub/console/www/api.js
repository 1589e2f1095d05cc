/** Asks the hub that served the page. */

/** What the hub refused, or could not be asked. */
export class ApiError extends Error {
  /** @override */
  name = "ApiError";

  /**
   * @param {string} message for people
   * @param {number} status 0 if the hub was not reached
   */
  constructor(message, status) {
    super(message);
    /** @readonly */
    this.status = status;
  }
}

/** How long an answer may take. */
const TIMEOUT_MS = 15_000;

/**
 * @param {number} status
 * @returns {string} said when the hub says nothing itself
 */
function statusText(status) {
  if (status === 401) return "The hub wants a valid token";
  if (status === 403) return "The hub does not allow this";
  return `The hub answered with status ${status}`;
}

/**
 * What stands in the body of a refusal.
 *
 * @param {string} body
 * @param {number} status
 * @returns {string}
 */
export function refusalText(body, status) {
  try {
    const { error } = JSON.parse(body);
    if (
      typeof error === "string" && error !== "" && !["forbidden", "auth_required"].includes(error)
    ) {
      return error.charAt(0).toUpperCase() + error.slice(1);
    }
  } catch {
    // A proxy in between answers with a page.
  }
  return statusText(status);
}

/**
 * The hub's API. Requests carry the token of whoever signed in, in a header and never in an address;
 * without one the browser adds the cookie of the page's own viewer. The token is held in this object
 * alone: no other page can send it, which rules out forged requests, and it goes with the tab.
 */
export class Api {
  /** @type {string | undefined} */
  #token;
  /** @type {typeof fetch} */
  #fetch;
  #viewer = {};
  /** @type {Map<string, { etag: string, value: unknown }>} */
  #tagged = new Map();

  /** @param {typeof fetch} [fetcher] */
  constructor(fetcher = (input, init) => fetch(input, init)) {
    this.#fetch = fetcher;
  }

  /** Who asks: another object each time that somebody comes or goes. */
  get viewer() {
    return this.#viewer;
  }

  /** Whether somebody is signed in. */
  get isSignedIn() {
    return this.#token !== undefined;
  }

  /**
   * From now on acts for whoever has this token.
   *
   * @param {string | undefined} token undefined to act as the page's own viewer
   */
  use(token) {
    this.#token = token;
    this.#viewer = {};
    this.#tagged.clear();
  }

  /**
   * What is at a path, as it is now.
   *
   * @param {string} path relative to the page, as `api/status`
   * @returns {Promise<any>} the same object again if the hub says that nothing has changed
   * @throws {ApiError}
   */
  async get(path) {
    const known = this.#tagged.get(path);
    const headers = known && { "if-none-match": known.etag };
    const viewer = this.#viewer;
    const response = await this.#send(path, { method: "GET", headers });
    const isKnown = response.status === 304 && known !== undefined;
    const value = isKnown ? known.value : await this.#read(response);
    // What was on its way when somebody left is not for whoever is here now.
    if (viewer !== this.#viewer) throw new ApiError("Somebody has signed in or out meanwhile", 0);
    const etag = response.headers.get("etag");
    if (etag !== null) this.#tagged.set(path, { etag, value });
    return value;
  }

  /**
   * Changes something.
   *
   * @param {"POST" | "PUT" | "PATCH" | "DELETE"} method
   * @param {string} path relative to the page
   * @param {{ body?: unknown, version?: number, token?: string | undefined }} [options] `version`: of
   *   what is changed, so that nobody overwrites what they have not seen; `token`: for this once
   * @returns {Promise<any>}
   * @throws {ApiError}
   */
  async change(method, path, { body, version, token } = {}) {
    return await this.#read(
      await this.#send(path, {
        method,
        token,
        ...(body !== undefined && { body: JSON.stringify(body) }),
        headers: {
          ...(body !== undefined && { "content-type": "application/json" }),
          ...(version !== undefined && { "if-match": `"${version}"` }),
        },
      }),
    );
  }

  /**
   * A file from the hub.
   *
   * @param {string} path relative to the page
   * @returns {Promise<Blob>}
   * @throws {ApiError}
   */
  async download(path) {
    const response = await this.#send(path, { method: "GET" });
    if (!response.ok) {
      throw new ApiError(refusalText(await response.text(), response.status), response.status);
    }
    return await response.blob();
  }

  /**
   * Fetches the page anew, which renews the cookie of the page's own viewer, or takes it back.
   *
   * @throws {ApiError}
   */
  async renewViewer() {
    await this.#send("./", { method: "GET" });
  }

  /**
   * @param {string} path
   * @param {{ method: string, body?: string, headers?: Record<string, string> | undefined,
   *   token?: string | undefined }} init
   */
  async #send(path, { headers, token = this.#token, ...init }) {
    try {
      return await this.#fetch(path, {
        ...init,
        headers: { ...headers, ...(token !== undefined && { authorization: `Bearer ${token}` }) },
        credentials: "same-origin",
        cache: "no-store",
        redirect: "error",
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
    } catch {
      throw new ApiError("The hub cannot be reached. Check the network and try again", 0);
    }
  }

  /** @param {Response} response */
  async #read(response) {
    const text = await response.text();
    if (!response.ok) throw new ApiError(refusalText(text, response.status), response.status);
    try {
      return JSON.parse(text);
    } catch {
      throw new ApiError("The answer is not from a hub. Check what is between it and here", 0);
    }
  }
}
