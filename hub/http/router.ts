import { type CorsFamily, corsHeaders } from "./cors.ts";
import { problem, text } from "./respond.ts";

/** What a handler knows besides the request. */
export interface RequestContext {
  /** Groups of the route's pattern that matched, percent-decoded. */
  readonly params: Readonly<Record<string, string>>;
  /** Address of the peer, for logs and limits. */
  readonly remoteAddress: string;
}

/** Answers a request. */
export type Handler = (request: Request, context: RequestContext) => Response | Promise<Response>;

/** One route. */
export interface Route {
  /** Path as `URLPattern` has it, as `/api/admin/access/:id`. */
  readonly path: string;
  /** Methods allowed, beside OPTIONS in a CORS family; all if absent. */
  readonly methods?: readonly string[];
  /** True if the path is one for WebSockets too. */
  readonly upgrades?: boolean;
  /** Cross-origin rules. */
  readonly cors: CorsFamily;
  /** Answers. */
  readonly handle: Handler;
}

/** A request that was answered. */
export interface AnsweredRequest {
  /** The request; its body has been used. */
  readonly request: Request;
  /** Pattern of the route; "none" if no route claims the path. */
  readonly route: string;
  /** Status of the answer. */
  readonly status: number;
  /** Address of the peer. */
  readonly remoteAddress: string;
}

/** A route made ready to be matched. `URLPattern` takes 10 µs to say no, for every one of them. */
class CompiledRoute {
  readonly route: Route;
  readonly #literalPrefix: string;
  readonly #pattern: URLPattern | undefined;
  /** Whether anything may follow the prefix. */
  readonly #isOpenEnded: boolean;

  constructor(route: Route) {
    const { path } = route;
    this.route = route;
    this.#literalPrefix = /^[^:*{}()?+\\]*/.exec(path)![0];
    const isLiteral = this.#literalPrefix === path;
    this.#pattern = isLiteral ? undefined : new URLPattern({ pathname: path });
    this.#isOpenEnded = /^:\w+\(\.\*\)$/.test(path.slice(this.#literalPrefix.length));
  }

  /** Whether the path matches, without asking the pattern where it would take anything. */
  covers(path: string): boolean {
    if (this.#isOpenEnded) return path.startsWith(this.#literalPrefix);
    return this.match(path) !== undefined;
  }

  /** The groups of the pattern, still percent-encoded; undefined if the path does not match. */
  match(path: string): Readonly<Record<string, string | undefined>> | undefined {
    if (this.#pattern === undefined) return path === this.#literalPrefix ? {} : undefined;
    if (!path.startsWith(this.#literalPrefix)) return undefined;
    return this.#pattern.exec({ pathname: path })?.pathname.groups;
  }
}

/** Undefined if the text is not well-formed percent-encoding. */
function decode(group: string): string | undefined {
  try {
    return decodeURIComponent(group);
  } catch {
    return undefined;
  }
}

/**
 * A table of routes, tried in order; the first whose path matches answers. Adds the headers of the
 * CORS family and `Cache-Control: no-store` to every response.
 *
 * Spec: hub-api.md 1.0
 */
export class Router {
  readonly #routes: readonly CompiledRoute[];
  readonly #onError: (error: unknown) => void;
  readonly #onAnswer: ((answered: AnsweredRequest) => void) | undefined;

  /**
   * Compiles the patterns.
   *
   * @param onError told of what a handler throws; the peer gets a bare 500
   * @param onAnswer told of each answer
   */
  constructor(routes: readonly Route[], { onError, onAnswer }: {
    onError: (error: unknown) => void;
    onAnswer?: (answered: AnsweredRequest) => void;
  }) {
    this.#routes = routes.map((route) => new CompiledRoute(route));
    this.#onError = onError;
    this.#onAnswer = onAnswer;
  }

  /** Tells whether a path is for HTTP alone, so that no WebSocket is opened there. */
  claims(path: string): boolean {
    const found = this.#routes.find((route) => route.covers(path));
    return found !== undefined && found.route.upgrades !== true;
  }

  /** Answers a request; never rejects. */
  async handle(request: Request, { remoteAddress }: { remoteAddress: string }): Promise<Response> {
    const { route, response } = await this.#route(request, remoteAddress);
    this.#onAnswer?.({ request, route, status: response.status, remoteAddress });
    return response;
  }

  async #route(
    request: Request,
    remoteAddress: string,
  ): Promise<{ route: string; response: Response }> {
    const path = new URL(request.url).pathname;
    for (const compiled of this.#routes) {
      const match = compiled.match(path);
      if (match === undefined) continue;
      const { route } = compiled;
      const groups = Object.entries(match).map(([name, group]) =>
        [name, decode(group ?? "")] as const
      );
      const isMalformed = groups.some(([, group]) => group === undefined);
      const params = Object.fromEntries(groups) as Record<string, string>;
      const response = isMalformed
        ? fault(path, { status: 400, what: "path is not well-formed percent-encoding" })
        : await this.#answer(route, request, { params, remoteAddress });
      const headers = corsHeaders(route.cors, request.headers.get("origin"));
      return { route: route.path, response: withHeaders(response, headers) };
    }
    return { route: "none", response: withHeaders(text("404 page not found", 404), []) };
  }

  async #answer(route: Route, request: Request, context: RequestContext): Promise<Response> {
    const { methods, cors, handle } = route;
    if (request.method === "OPTIONS" && cors !== "none") return new Response(null, { status: 204 });
    if (methods !== undefined && !methods.includes(request.method)) {
      const response = text("405 method not allowed", 405);
      response.headers.set("allow", methods.join(", "));
      return response;
    }
    try {
      return await handle(request, context);
    } catch (error) {
      this.#onError(error);
      const { pathname } = new URL(request.url);
      return fault(pathname, { status: 500, what: "internal error; the hub's log has more" });
    }
  }
}

/** What went wrong before a handler could say so: as JSON where clients expect that. */
function fault(path: string, { status, what }: { status: number; what: string }): Response {
  return path.startsWith("/api/") ? problem(what, status) : text(`${status} ${what}`, status);
}

function withHeaders(response: Response, headers: readonly [string, string][]): Response {
  for (const [name, value] of headers) response.headers.set(name, value);
  if (!response.headers.has("cache-control")) response.headers.set("cache-control", "no-store");
  return response;
}
