import { printable } from "../cli/mod.ts";
import type { Clock } from "../clock/mod.ts";
import { type Json, type JsonObject, parseJsonObject } from "../control/mod.ts";
import type { HubAddress } from "./hub_address.ts";

/** A hub gives an agent 30 s to answer; the way there and back is on top. Spec: client.md 1.3 */
const TIMEOUT_MS = 40_000;

/** What the largest answer, the access of some 50,000 identities, needs; an export is streamed. */
const MAX_BODY_CHARS = 64 * 1024 * 1024;

/** A refusal is a line. */
const MAX_REFUSAL_CHARS = 4096;

/** Sends a request, as `fetch` does. */
export type Fetch = (request: Request) => Promise<Response>;

/** A request failed; the message says why and what to do. */
export class ApiError extends Error {
  /** The name of the class. */
  override readonly name: string = "ApiError";
  /** HTTP status of the hub's refusal; undefined where there was none. */
  readonly status: number | undefined;
  /** What the hub said itself; "" if nothing. */
  readonly said: string;

  /** Makes an error. */
  constructor(message: string, options: ErrorOptions & { status?: number; said?: string } = {}) {
    super(message, options);
    this.status = options.status;
    this.said = options.said ?? "";
  }
}

/** Methods of the interface. */
export type ApiMethod = "DELETE" | "GET" | "PATCH" | "POST" | "PUT";

/** What {@linkcode JsonApi} asks with. */
export interface JsonApiOptions {
  /** Where the hub is. */
  hub: HubAddress;
  /** What it is called in errors, as portals are asked in the same way. Default: `hub`. */
  what?: "hub" | "portal";
  /** Token that requests carry; "" for none. */
  token: string;
  /** Sends the requests. */
  fetch: Fetch;
  /** Times them. */
  clock: Clock;
  /** How long the hub may take. Default: 40 s. */
  timeoutMs?: number;
  /** Gives them up. */
  signal?: AbortSignal | undefined;
}

/** A path of percent-encoded segments below the hub's address. Spec: client.md 1.3 */
export function pathOf(...segments: readonly string[]): string {
  return `/${segments.map(encodeURIComponent).join("/")}`;
}

/** The platform's reason without its wrapping: `… tcp connect error: Connection refused (os …)`. */
function reasonOf(error: unknown): string {
  let innermost = error;
  while (innermost instanceof Error && innermost.cause !== undefined) innermost = innermost.cause;
  const text = innermost instanceof Error ? innermost.message : String(innermost);
  const last = text.replace(/ \(os error \d+\)/, "").split(": ").at(-1)!.trim();
  return last === "" ? "no connection" : last[0]!.toLowerCase() + last.slice(1);
}

/** What to do about a refusal of a hub that does not say so itself. */
function adviceFor(status: number, said: string): string {
  if (status === 401) return "; check TELA_OWNER_TOKEN or -token, which may be expired or revoked";
  if (status === 403 && said === "forbidden") return "; the token needs the role owner or admin";
  if (status === 429 && said === "") return "; wait a minute and try again";
  return "";
}

/** The runtime sends requests by the proxies of the environment, and does not say that one failed. */
function adviceUnreached(what: string): string {
  return `check the address, that the ${what} is running, and the proxy if HTTPS_PROXY or ` +
    "HTTP_PROXY names one";
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

  get #what(): string {
    return this.#options.what ?? "hub";
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
    const value = parseJsonObject(await this.text(method, path, body));
    if (value !== undefined) return value;
    throw new ApiError(
      `No ${this.#what} at ${this.hub.httpUrl}: its answer is not a JSON object; check the address`,
    );
  }

  /**
   * Sends a request and gives the answer as it is, if it has come as a whole in time.
   *
   * @throws {ApiError} as {@linkcode JsonApi.request}
   */
  async text(method: ApiMethod, path: string, body?: Json): Promise<string> {
    let text = "";
    await this.#exchange({ method, path, body }, ({ piece }) => {
      text += piece;
      if (text.length <= MAX_BODY_CHARS) return;
      throw new ApiError(`Answer of the ${this.#what} at ${this.hub.httpUrl} exceeds 64 MiB`);
    });
    return text;
  }

  /**
   * Sends a request and hands over the answer piece by piece, of which each has to come in time.
   *
   * @throws {ApiError} as {@linkcode JsonApi.request}
   */
  async stream(
    request: { method: ApiMethod; path: string; body?: Json | undefined },
    onText: (text: string) => void,
  ): Promise<void> {
    await this.#exchange(request, ({ piece, goOn }) => {
      goOn();
      onText(piece);
    });
  }

  async #exchange(
    { method, path, body }: { method: ApiMethod; path: string; body?: Json | undefined },
    onPiece: (given: { piece: string; goOn: () => void }) => void,
  ): Promise<void> {
    const { hub, token, fetch, clock, timeoutMs = TIMEOUT_MS, signal } = this.#options;
    const timeout = new AbortController();
    const arm = () => clock.setTimer(() => timeout.abort(), timeoutMs);
    let timer = arm();
    const goOn = () => {
      timer.cancel();
      timer = arm();
    };
    const headers = new Headers({ accept: "application/json" });
    if (token !== "") headers.set("authorization", `Bearer ${token}`);
    if (body !== undefined) headers.set("content-type", "application/json");
    try {
      const response = await fetch(
        new Request(hub.httpUrl + path, {
          method,
          headers,
          redirect: "manual",
          signal: signal ? AbortSignal.any([timeout.signal, signal]) : timeout.signal,
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        }),
      );
      if (response.status >= 300) await this.#refuse(response);
      for await (const piece of piecesOf(response)) onPiece({ piece, goOn });
    } catch (cause) {
      if (cause instanceof ApiError) throw cause;
      const isLate = timeout.signal.aborted;
      const reason = isLate ? `no answer within ${timeoutMs / 1000} s` : reasonOf(cause);
      const place = `the ${this.#what} at ${hub.httpUrl}`;
      throw new ApiError(`Cannot reach ${place}: ${reason}; ${adviceUnreached(this.#what)}`, {
        cause,
      });
    } finally {
      timer.cancel();
    }
  }

  async #refuse(response: Response): Promise<never> {
    const { status, headers } = response;
    let text = "";
    for await (const piece of piecesOf(response)) {
      text += piece;
      if (text.length > MAX_REFUSAL_CHARS) break;
    }
    const location = headers.get("location");
    if (status < 400 && location !== null) {
      const where = printable(URL.parse(location, response.url || this.hub.httpUrl)?.origin ?? "");
      const place = `The ${this.#what} at ${this.hub.httpUrl}`;
      throw new ApiError(`${place} is elsewhere: give ${where} in its place`, { status });
    }
    const field = parseJsonObject(text)?.error;
    const said = typeof field === "string" ? field : "";
    const advice = this.#what === "hub" ? adviceFor(status, said) : "";
    const message = `HTTP ${status}: ${said || "unknown error"}${advice}`;
    throw new ApiError(message, { status, said });
  }
}

/** The text of a body; the rest of one that is not read to its end is given up. */
async function* piecesOf(response: Response): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  for await (const chunk of response.body ?? []) yield decoder.decode(chunk, { stream: true });
  yield decoder.decode();
}
