import { type Clock, sleep } from "../../core/clock/mod.ts";
import { type JsonObject, parseJsonObject } from "../../core/control/mod.ts";
import { DEFAULT_HUB_DIRECTORY, type PortalEntry } from "../config/mod.ts";

/** Spec: hub-api.md 8 */
const DISCOVERY_TIMEOUT_MS = 10_000;
const REGISTER_TIMEOUT_MS = 15_000;
const SYNC_TIMEOUT_MS = 10_000;

/** Longest answer of a portal that is read, in bytes. */
const MAX_ANSWER_BYTES = 64 * 1024;

/** Characters of a portal's error that are shown. */
const SHOWN_CHARS = 200;

/** How requests are made: `fetch`, or a twin of it. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** A portal that could not be reached, or did not do as it should. */
export class PortalError extends Error {
  /** Names the class. */
  override readonly name: string = "PortalError";
}

/** What a portal is told of this hub. Spec: hub-api.md 8 */
export interface HubEntry {
  /** Its name. */
  readonly name: string;
  /** Where clients reach it. */
  readonly url: string;
  /** Its UUID, "" if it has none. */
  readonly hubId: string;
  /** Token that the portal may look at this hub with; a secret. */
  readonly viewerToken: string | undefined;
}

/** What came of a registration. */
export interface Registered {
  /** To be kept. */
  readonly entry: PortalEntry;
  /** True if the portal knew this hub. */
  readonly isUpdate: boolean;
}

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly json: JsonObject | undefined;
}

/** The address of a portal as it is kept: `https` if it names no scheme; undefined if it is none. */
export function portalUrl(text: string): string | undefined {
  const withScheme = /^[a-z]+:\/\//i.test(text) ? text : `https://${text}`;
  if (!/^https?:\/\//i.test(withScheme) || !URL.canParse(withScheme)) return undefined;
  const { origin, pathname, username, password, search, hash } = new URL(withScheme);
  if (username + password + search + hash !== "") return undefined;
  return `${origin}${pathname.replace(/\/+$/, "")}`;
}

/** Whether a text is an address under which others can reach a hub. */
export function isHubUrl(text: string): boolean {
  return /^(?:wss?|https?):\/\//.test(text) && URL.canParse(text);
}

function isDirectory(path: unknown): path is string {
  // Two slashes would lead to another host.
  return typeof path === "string" && /^\/(?![/\\])[!-~]*$/.test(path);
}

async function readText(response: Response): Promise<string> {
  const reader = response.body?.getReader();
  if (reader === undefined) return "";
  const decoder = new TextDecoder();
  let text = "";
  for (let bytes = 0; bytes <= MAX_ANSWER_BYTES;) {
    const { value, done } = await reader.read();
    if (done) return text + decoder.decode();
    bytes += value.length;
    text += decoder.decode(value, { stream: true });
  }
  await reader.cancel();
  throw new PortalError(`its answer is longer than ${MAX_ANSWER_BYTES} bytes`);
}

/** A portal may quote what it was sent. */
function withoutSecrets(text: string, secrets: readonly (string | undefined)[]): string {
  return secrets.reduce<string>(
    (rest, secret) => secret ? rest.replaceAll(secret, "…") : rest,
    text,
  );
}

/** Talks to portals. Spec: hub-api.md 8 */
export class PortalClient {
  readonly #fetch: Fetch;
  readonly #clock: Clock;

  /** Makes no request yet. */
  constructor({ fetch, clock }: { readonly fetch: Fetch; readonly clock: Clock }) {
    this.#fetch = fetch;
    this.#clock = clock;
  }

  /**
   * Enters this hub in the list of a portal.
   *
   * @param url as {@linkcode portalUrl} gives it
   * @param portalToken credential of whoever enters it, "" for none; a secret, not kept
   * @throws PortalError
   */
  async register(url: string, { hub, portalToken }: {
    readonly hub: HubEntry;
    readonly portalToken: string;
  }): Promise<Registered> {
    const hubDirectory = await this.#discover(url);
    const { name, hubId, viewerToken } = hub;
    const body = { name, url: hub.url, ...(hubId !== "" && { hubId }), viewerToken };
    const { status, text, json } = await this.#ask(`${url}${hubDirectory}`, {
      method: "POST",
      token: portalToken,
      body,
      timeoutMs: REGISTER_TIMEOUT_MS,
    });
    if (status === 401) {
      throw new PortalError("it does not accept the portal token; give one that may add hubs");
    }
    if (status < 200 || status > 299) {
      const shown = withoutSecrets(text, [portalToken, viewerToken]).slice(0, SHOWN_CHARS);
      throw new PortalError(`it answered ${status}: ${shown}`);
    }
    const syncToken = json?.syncToken;
    if (typeof syncToken !== "string" || syncToken === "") {
      throw new PortalError("it gave no sync token; it is too old for this hub");
    }
    return { entry: { url, hubDirectory, syncToken }, isUpdate: json?.updated === true };
  }

  /** Tells a portal the token that it may look at this hub with. @throws PortalError */
  async sync(
    { url, hubDirectory, syncToken }: PortalEntry,
    { name, viewerToken }: { readonly name: string; readonly viewerToken: string },
  ): Promise<void> {
    const { status } = await this.#ask(`${url}${hubDirectory}/sync`, {
      method: "PATCH",
      token: syncToken,
      body: { name, viewerToken },
      timeoutMs: SYNC_TIMEOUT_MS,
    });
    if (status !== 200) throw new PortalError(`it answered ${status}`);
  }

  /** Where the portal lists hubs; the usual place if it does not say. */
  async #discover(url: string): Promise<string> {
    try {
      const { status, json } = await this.#ask(`${url}/.well-known/tela`, {
        method: "GET",
        // Anybody may ask that, so that a token would only be given away. Spec: portal.md 2
        token: "",
        timeoutMs: DISCOVERY_TIMEOUT_MS,
      });
      const directory = status === 200 ? json?.hub_directory : undefined;
      return isDirectory(directory) ? directory : DEFAULT_HUB_DIRECTORY;
    } catch (error) {
      // Spec: hub-api.md 8: whoever does not say is asked at the usual place.
      if (error instanceof PortalError) return DEFAULT_HUB_DIRECTORY;
      throw error;
    }
  }

  async #ask(url: string, { method, token, body, timeoutMs }: {
    readonly method: string;
    readonly token: string;
    readonly body?: object;
    readonly timeoutMs: number;
  }): Promise<Answer> {
    const ended = new AbortController();
    const late = new AbortController();
    sleep(this.#clock, timeoutMs, ended.signal).then(
      () => late.abort(),
      () => {}, // it was answered in time
    );
    try {
      const response = await this.#fetch(url, {
        method,
        headers: {
          ...(token !== "" && { authorization: `Bearer ${token}` }),
          ...(body !== undefined && { "content-type": "application/json" }),
        },
        body: body === undefined ? null : JSON.stringify(body),
        // A redirect would take the token to a place that nobody has named.
        redirect: "manual",
        signal: late.signal,
      });
      const text = await readText(response);
      return { status: response.status, text, json: parseJsonObject(text) };
    } catch (error) {
      if (error instanceof PortalError) throw error;
      const why = late.signal.aborted
        ? `no answer within ${timeoutMs / 1000} s`
        : (error as Error).message;
      throw new PortalError(`it cannot be reached: ${why}`, { cause: error });
    } finally {
      ended.abort();
    }
  }
}
