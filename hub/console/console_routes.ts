import type { Clock } from "../../core/clock/mod.ts";
import type { Log } from "../../core/log/mod.ts";
import type { TokenEntry } from "../config/mod.ts";
import { type RequestContext, type Route, text } from "../http/mod.ts";
import { PAGE_FILES } from "./page_files.ts";
import {
  CONTENT_SECURITY_POLICY,
  etagOf,
  type FileFacts,
  fileHeaders,
  isUnchanged,
} from "./respond.ts";
import { viewerCookie } from "./viewer_cookie.ts";
import { WwwFolder } from "./www_folder.ts";

/** Options of {@linkcode consoleRoutes}. */
export interface ConsoleOptions {
  /** Folder of the operator's own files, "" for none. */
  readonly wwwDir: string;
  /** The identities as of now, among them that of the page. */
  readonly identities: () => readonly TokenEntry[];
  /** Says whether that is still valid. */
  readonly clock: Clock;
  /** Told where the page comes from, if not from here. */
  readonly log: Log;
}

/** A file that is part of the program. */
interface BuiltIn extends FileFacts {
  readonly content: Uint8Array<ArrayBuffer>;
}

async function builtIn(): Promise<ReadonlyMap<string, BuiltIn>> {
  const encoder = new TextEncoder();
  const files = await Promise.all(
    Object.entries(PAGE_FILES).map(async ([name, text]) => {
      const content = encoder.encode(text);
      return [name, { name, content, etag: await etagOf(content) }] as const;
    }),
  );
  return new Map(files);
}

function answerBuiltIn(request: Request, file: BuiltIn): Response {
  const headers = fileHeaders(file);
  headers.set("content-security-policy", CONTENT_SECURITY_POLICY);
  if (isUnchanged(request, file)) return new Response(null, { status: 304, headers });
  return new Response(file.content, { headers });
}

/** The console at `/`, and whatever else is asked for that no other route claims. */
class Console {
  readonly #options: ConsoleOptions;
  readonly #folder: WwwFolder | undefined;
  readonly #files: ReadonlyMap<string, BuiltIn>;

  constructor(
    options: ConsoleOptions,
    parts: { folder: WwwFolder | undefined; files: ReadonlyMap<string, BuiltIn> },
  ) {
    this.#options = options;
    this.#folder = parts.folder;
    this.#files = parts.files;
  }

  async handle(request: Request, { params }: RequestContext): Promise<Response> {
    const path = params.path === "" ? "index.html" : params.path!;
    const response = await this.#file(request, path);
    if (response === undefined) return text("404 page not found", 404);
    if (request.method !== "GET" && request.method !== "HEAD") {
      await response.body?.cancel();
      const refusal = text("405 method not allowed", 405);
      refusal.headers.set("allow", "GET, HEAD");
      return refusal;
    }
    const { identities, clock } = this.#options;
    const cookie = path === "index.html" &&
      viewerCookie(request, { identities: identities(), wallMs: clock.wallMs() });
    if (cookie) response.headers.set("set-cookie", cookie);
    return response;
  }

  async #file(request: Request, path: string): Promise<Response | undefined> {
    if (this.#folder !== undefined) return await this.#folder.answer(request, path);
    const file = this.#files.get(path);
    return file && answerBuiltIn(request, file);
  }
}

/**
 * The routes of the web console: every path that no route before claims. They must come last.
 *
 * Spec: hub-api.md 1.7
 */
export async function consoleRoutes(options: ConsoleOptions): Promise<Route[]> {
  const { wwwDir, log } = options;
  const folder = await WwwFolder.open(wwwDir);
  if (folder !== undefined) log(`console from ${wwwDir} in place of the built-in one`);
  const pages = new Console(options, { folder, files: await builtIn() });
  // Agents and clients open their WebSockets at any path.
  return [{
    path: "/:path(.*)",
    cors: "none",
    upgrades: true,
    handle: (request, context) => pages.handle(request, context),
  }];
}
