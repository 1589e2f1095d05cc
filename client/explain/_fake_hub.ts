/**
 * A hub, or what stands in its place, for the tests of this folder.
 *
 * @module
 */

import type { Made } from "./_certificate.ts";

/** What a fake hub answers; every part can be replaced. */
export interface FakeHubOptions {
  /** Speaks TLS with this. */
  tls?: Made;
  /** Answers every request for which it gives something. */
  answer?: (path: string, request: Request) => Response | undefined;
  /** Token that it wants; "" where it is open. */
  token?: string;
  /** What it runs on. */
  runtime?: string;
}

/** Machines of the fake hub. */
export const MACHINES = [
  { id: "barn", agentConnected: true, services: [{ port: 22, name: "SSH" }], lastSeen: null },
  { id: "attic", agentConnected: false, services: [], lastSeen: "2026-08-01T09:00:00Z" },
];

function reply(request: Request, { token = "", runtime = "deno 2.9" }: FakeHubOptions): Response {
  const { pathname } = new URL(request.url);
  if (request.headers.get("upgrade") === "websocket") {
    return Deno.upgradeWebSocket(request).response;
  }
  if (pathname === "/.well-known/tela") return Response.json({ protocolVersion: "1.1" });
  if (pathname !== "/api/status") return new Response("", { status: 404 });
  if (token !== "" && request.headers.get("authorization") !== `Bearer ${token}`) {
    return Response.json({ error: "auth_required", machines: [] }, { status: 401 });
  }
  return Response.json({ machines: MACHINES, hub: { goVersion: runtime } });
}

/** A hub on a port of this machine until disposed of. */
export class FakeHub implements AsyncDisposable {
  readonly port: number;
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  readonly #abort = new AbortController();

  constructor(options: FakeHubOptions = {}) {
    const { tls, answer } = options;
    const handler = (request: Request) =>
      answer?.(new URL(request.url).pathname, request) ?? reply(request, options);
    const where = { hostname: "127.0.0.1", port: 0, signal: this.#abort.signal, onListen() {} };
    this.#server = tls === undefined
      ? Deno.serve(where, handler)
      : Deno.serve({ ...where, cert: tls.certificate, key: tls.key }, handler);
    this.port = this.#server.addr.port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#abort.abort();
    await this.#server.finished;
  }
}
