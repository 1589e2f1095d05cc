import type { Clock } from "../../core/clock/mod.ts";
import type { Json, JsonObject } from "../../core/control/mod.ts";
import type { HubAddress } from "./hub_address.ts";
import { type Fetch, reasonOf } from "./hub_api.ts";

/** A hub gives an agent 30 s to answer; the way there and back is on top. Spec: client.md 1.3 */
const TIMEOUT_MS = 40_000;

/** What the largest answer, the access of some 50,000 identities, needs; an export is streamed. */
const MAX_BODY_BYTES = 64 * 1024 * 1024;

/** A request failed; the message says why and what to do. */
export class ApiError extends Error {
  /** The name of the class. */
  override readonly name: string = "ApiError";
  /** HTTP status of the hub's refusal; undefined where there was none. */
  readonly status: number | undefined;

  /** Makes an error. */
  constructor(message: string, options: ErrorOptions & { status?: number } = {}) {
    super(message, options);
    this.status = options.status;
  }
}

/** Methods of the interface. */
export type ApiMethod = "DELETE" | "GET" | "PATCH" | "POST" | "PUT";

/** What {@linkcode JsonApi} asks with. */
export interface JsonApiOptions {
  /** The hub. */
  hub: HubAddress;
  /** Token that requests carry; "" for none. */
  token: string;
  /** Sends the requests. */
  fetch: Fetch;
  /** Times them. */
  clock: Clock;
}

/** A path of percent-encoded segments below the hub's address. Spec: client.md 1.3 */
export function pathOf(...segments: readonly string[]): string {
  return `/${segments.map(encodeURIComponent).join("/")}`;
}

function errorField(body: string): string {
  try {
    const value: Json = JSON.parse(body);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) {
      if (typeof value.error === "string" && value.error !== "") return value.error;
    }
  } catch {
    // A proxy's page, not a hub's answer: the status alone has to do.
  }
  return "unknown error";
}

function adviceFor(status: number): string {
  if (status === 401) return "; check TELA_OWNER_TOKEN or -token, which may be expired or revoked";
  if (status === 403) return "; the token needs the role owner or admin";
  if (status === 429) return "; wait a minute and try again";
  return "";
}

/** The JSON interface of a hub. Spec: hub-api.md 1, client.md 1.3 */
export class JsonApi {
  readonly #options: JsonApiOptions;

  /** Sends nothing yet. */
  constructor(options: JsonApiOptions) {
    this.#options = options;
  }

  /** Address of the hub, for people. */
  get hub(): HubAddress {
    return this.#options.hub;
  }

  /** The token that requests carry; "" if none. */
  get token(): string {
    return this.#options.token;
  }

  /**
   * Sends a request and gives the answer's JSON object.
   *
   * @throws {ApiError} if the hub cannot be reached, refuses, or answers something else
   */
  async request(method: ApiMethod, path: string, body?: Json): Promise<JsonObject> {
    const text = await this.text(method, path, body);
    let value: Json;
    try {
      value = JSON.parse(text);
    } catch {
      value = null;
    }
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
    throw new ApiError(
      `No hub at ${this.#options.hub.httpUrl}: its answer is not a JSON object; check the address`,
    );
  }

  /**
   * Sends a request and gives the answer as it is.
   *
   * @throws {ApiError} as {@linkcode JsonApi.request}
   */
  async text(method: ApiMethod, path: string, body?: Json): Promise<string> {
    let text = "";
    await this.stream({ method, path, body }, (chunk) => {
      text += chunk;
      if (text.length > MAX_BODY_BYTES) {
        throw new ApiError(`Hub ${this.#options.hub.httpUrl} answered more than 64 MiB`);
      }
    });
    return text;
  }

  /**
   * Sends a request and hands over the answer piece by piece.
   *
   * @throws {ApiError} as {@linkcode JsonApi.request}
   */
  async stream(
    { method, path, body }: { method: ApiMethod; path: string; body?: Json | undefined },
    onText: (text: string) => void,
  ): Promise<void> {
    const { hub, token, fetch, clock } = this.#options;
    const timeout = new AbortController();
    const arm = () => clock.setTimer(() => timeout.abort(), TIMEOUT_MS);
    let timer = arm();
    const headers = new Headers({ accept: "application/json" });
    if (token !== "") headers.set("authorization", `Bearer ${token}`);
    if (body !== undefined) headers.set("content-type", "application/json");
    try {
      const response = await fetch(
        new Request(hub.httpUrl + path, {
          method,
          headers,
          redirect: "error",
          signal: timeout.signal,
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        }),
      );
      if (response.status >= 300) await this.#refuse(response);
      const decoder = new TextDecoder();
      for await (const chunk of response.body ?? []) {
        timer.cancel();
        timer = arm();
        onText(decoder.decode(chunk, { stream: true }));
      }
    } catch (cause) {
      if (cause instanceof ApiError) throw cause;
      const reason = timeout.signal.aborted ? "no answer within 40 s" : reasonOf(cause);
      const advice = "check the address, and that the hub is running";
      throw new ApiError(`Cannot reach the hub at ${hub.httpUrl}: ${reason}; ${advice}`, {
        cause,
      });
    } finally {
      timer.cancel();
    }
  }

  async #refuse(response: Response): Promise<never> {
    const { status } = response;
    const text = errorField((await response.text()).slice(0, 4096));
    throw new ApiError(`HTTP ${status}: ${text}${adviceFor(status)}`, { status });
  }
}
