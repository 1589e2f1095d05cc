import { VERSION } from "../../core/cli/mod.ts";
import { bearerToken, refuseForeign, sameSecret } from "./guard.ts";
import type { RunningClient } from "./running_client.ts";

/** Longest request body: the only one that is read holds a boolean. */
const MAX_BODY_BYTES = 4096;

/** Time between the answer to `DELETE /` and the stop, for the answer to leave. Spec: client.md 3 */
export const STOP_DELAY_MS = 100;

/** What {@linkcode ControlApi} is made of. */
export interface ControlApiOptions {
  /** The program that is shown and steered. */
  client: RunningClient;
  /** Secret that callers show. */
  token: string;
  /** Port that the API listens on. */
  port: number;
  /** Ends the program after a while that lets the answer leave. */
  stopSoon: () => void;
  /** Makes a WebSocket of a request; `authorized` says whether its token has been shown. */
  upgrade: (request: Request, options: { authorized: boolean }) => Response;
}

type Handler = (request: Request) => Response | Promise<Response>;

const SECURITY_HEADERS = {
  "cache-control": "no-store",
  "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'",
  "x-content-type-options": "nosniff",
};

function respond(body: string, type: string, status: number): Response {
  return new Response(body, { status, headers: { ...SECURITY_HEADERS, "content-type": type } });
}

function text(body: string, status = 200): Response {
  return respond(body, "text/plain; charset=utf-8", status);
}

function json(value: unknown, status = 200): Response {
  return respond(`${JSON.stringify(value, null, 2)}\n`, "application/json", status);
}

/** `1m5s`: hours, minutes and whole seconds, without leading zero parts. Spec: client.md 3 */
export function formatUptime(uptimeMs: number): string {
  const seconds = Math.floor(uptimeMs / 1000);
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  if (h > 0) return `${h}h${m}m${s}s`;
  return m > 0 ? `${m}m${s}s` : `${s}s`;
}

function escapeHtml(raw: string): string {
  return raw.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}

/** A body of at most `MAX_BODY_BYTES`; undefined if it is longer, or cut short. */
async function readBody(request: Request): Promise<string | undefined> {
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let lenBytes = 0;
  try {
    for await (const chunk of request.body ?? []) {
      lenBytes += chunk.length;
      if (lenBytes > MAX_BODY_BYTES) return undefined;
      chunks.push(chunk);
    }
  } catch {
    return undefined; // the caller has hung up, and hears no answer
  }
  return await new Blob(chunks).text();
}

/** The boolean that a body asks for; undefined if it asks for none, null if it is malformed. */
function wantedVerbose(body: string): boolean | null | undefined {
  if (body.trim() === "") return undefined;
  try {
    const { verbose } = JSON.parse(body) ?? {};
    return verbose === undefined || typeof verbose === "boolean" ? verbose : null;
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError) return null;
    throw error;
  }
}

/**
 * The local control API: requests to responses, over a {@linkcode RunningClient}.
 *
 * Deviations: the scheme word of `Authorization` is checked; `/terminal` needs the token and its page
 * holds none; `/connections` is filled, `/services` forgets what is no longer bound, `/reconnect`
 * reconnects; `PUT /verbose` takes a body. `GET /status` is ours.
 *
 * Spec: client.md 3, checklist 57 to 66
 */
export class ControlApi {
  readonly #client: RunningClient;
  readonly #options: ControlApiOptions;
  readonly #routes: Readonly<Record<string, Readonly<Record<string, Handler>>>>;

  /** Serves nothing by itself: {@linkcode ControlApi.handle} answers. */
  constructor(options: ControlApiOptions) {
    const client = options.client;
    this.#client = client;
    this.#options = options;
    const get = (handler: Handler) => ({ GET: handler });
    this.#routes = {
      "/": { GET: () => json(this.#overview()), DELETE: () => this.#stop() },
      "/connections": get(() => json(this.#connections())),
      "/services": get(() => json(client.connections.flatMap((c) => c.status().services))),
      "/tunnels": get(() => json(this.#tunnels())),
      "/status": get(() => json({ connections: client.connections.map((c) => c.status()) })),
      "/reconnect": { POST: () => this.#reconnect() },
      "/verbose": {
        GET: () => json({ verbose: client.verbose }),
        PUT: (request) => this.#setVerbose(request),
      },
      "/output": get(() => text(client.output.text)),
      "/terminal": get(() => this.#terminal()),
    };
  }

  /** Answers a request. Never throws for what a caller may send. */
  async handle(request: Request): Promise<Response> {
    const { token, port, upgrade } = this.#options;
    const refusal = refuseForeign(request.headers, port);
    if (refusal !== undefined) return text(refusal.text, refusal.status);
    const { pathname, searchParams } = new URL(request.url);
    const shown = bearerToken(request.headers);
    const authorized = shown !== undefined && sameSecret(shown, token);
    if (pathname === "/ws") {
      const legacy = searchParams.get("token");
      if (shown !== undefined && !authorized) return text("Unauthorized\n", 401);
      return upgrade(request, {
        authorized: authorized || (legacy !== null && sameSecret(legacy, token)),
      });
    }
    if (!authorized) return text("Unauthorized\n", 401);
    const route = Object.hasOwn(this.#routes, pathname) ? this.#routes[pathname]! : undefined;
    if (route === undefined) return text("Not found\n", 404);
    const handler = Object.hasOwn(route, request.method) ? route[request.method]! : undefined;
    if (handler !== undefined) return await handler(request);
    const refused = text("Method not allowed\n", 405);
    refused.headers.set("allow", Object.keys(route).join(", "));
    return refused;
  }

  #overview() {
    const { profile, uptimeMs, connections } = this.#client;
    return {
      version: VERSION,
      uptime: formatUptime(uptimeMs),
      profile,
      connections: connections.length,
      services: connections.reduce((sum, c) => sum + c.status().services.length, 0),
      _links: { connections: "/connections", services: "/services", status: "/status" },
    };
  }

  #connections() {
    return this.#client.connections.map((connection) => {
      const { index, hub, machine, state } = connection.status();
      return { index, hub, machine, status: state, tunnel: state === "up" || state === "waiting" };
    });
  }

  #tunnels() {
    const live = this.#connections().filter(({ tunnel }) => tunnel);
    return live.map(({ machine }) => ({ machine }));
  }

  #stop(): Response {
    this.#options.stopSoon();
    return json({ status: "shutting down" }, 202);
  }

  #reconnect(): Response {
    for (const { reconnect } of this.#client.connections) reconnect();
    return json({ status: "reconnect requested" }, 202);
  }

  async #setVerbose(request: Request): Promise<Response> {
    const body = await readBody(request);
    if (body === undefined) return text("Request body is too large\n", 413);
    const wanted = wantedVerbose(body);
    if (wanted === null) return text('Body must be empty or {"verbose": true or false}\n', 400);
    this.#client.verbose = wanted ?? !this.#client.verbose;
    return json({ verbose: this.#client.verbose });
  }

  #terminal(): Response {
    const body = escapeHtml(this.#client.output.text);
    const page =
      `<!doctype html><html lang="en"><meta charset="utf-8"><title>tela</title><pre>${body}`;
    return respond(page, "text/html; charset=utf-8", 200);
  }
}
