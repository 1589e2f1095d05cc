import { isLoopback } from "../../core/endpoint/mod.ts";
import { type Caller, type FailureRate, sourceOf, Throttle, tokenOf } from "../access/mod.ts";
import type { AuditEntry } from "../audit/mod.ts";
import {
  type CorsFamily,
  type Handler,
  problem,
  type RequestContext,
  type Route,
  tooMany,
} from "../http/mod.ts";
import type { AdminOptions } from "./context.ts";

/** Somebody who is known. */
export type Identity = Caller & { readonly kind: "identity" };

/** What a handler of the administration knows besides the request. */
export interface AdminContext extends RequestContext {
  /** The owner or admin who asks. */
  readonly caller: Identity;
  /** Takes note of something this caller has done, or was refused. */
  readonly record: (entry: Omit<AuditEntry, "identity" | "source">) => void;
}

/** Answers a request of an owner or admin. */
export type AdminHandler = (
  request: Request,
  context: AdminContext,
) => Response | Promise<Response>;

/** A route of the administration. */
export interface AdminResource {
  /** Path as `URLPattern` has it. */
  readonly path: string;
  /** Handlers by method. */
  readonly methods: Readonly<Record<string, AdminHandler>>;
  /** Which of the two is refused first. Spec: hub-api.md 1.0 (`a→m`, `m→a`) */
  readonly first: "auth" | "method";
  /** Default: `admin`. */
  readonly cors?: CorsFamily;
}

/** 405, and what would do. */
export function methodRefused(methods: readonly string[]): Response {
  const response = problem(`method not allowed; use ${methods.join(" or ")}`, 405);
  response.headers.set("allow", methods.join(", "));
  return response;
}

/**
 * A page of another host can make a browser send a cookie along, but not an `Authorization` header.
 * What a cookie authorises and does something must come from a page of this host.
 */
export function isForged(request: Request): boolean {
  if (tokenOf(request).from !== "cookie") return false;
  const origin = request.headers.get("origin");
  if (origin !== null) return !origin.endsWith(`://${request.headers.get("host")}`);
  // A link or an image has no origin; browsers say where it stands all the same.
  return ["cross-site", "same-site"].includes(request.headers.get("sec-fetch-site") ?? "");
}

/** The answer to what is forged. */
export function forgeryRefused(): Response {
  return problem("request from a page of another host: sign in here and repeat", 403);
}

function isSafe({ method }: Request): boolean {
  return method === "GET" || method === "HEAD";
}

/**
 * Requests of one address: more at once than a program that sets up a hub has, or 100 a second for as
 * long as it likes. Whoever has more waits until that average is kept. All together are not limited:
 * one could keep out the others.
 */
const PER_SOURCE: FailureRate = { burst: 2000, refillMs: 10, lockMs: 20_000 };

/** Lets owners and admins through, on an open hub nobody. */
export class Gate {
  readonly #options: AdminOptions;
  readonly #throttle: Throttle;

  /** Takes what it works with. */
  constructor(options: AdminOptions) {
    this.#options = options;
    const { clock } = options;
    this.#throttle = new Throttle({ clock, perSource: PER_SOURCE });
  }

  /** The route of a resource. Spec: hub-api.md 1.0 (OA) */
  route({ path, methods, first, cors = "admin" }: AdminResource): Route {
    const names = Object.keys(methods);
    const handle: Handler = async (request, context) => {
      const handler = Object.hasOwn(methods, request.method) ? methods[request.method] : undefined;
      if (handler === undefined && first === "method") return methodRefused(names);
      const admitted = this.#admit(request, context);
      if (admitted instanceof Response) return admitted;
      return await (handler?.(request, admitted) ?? methodRefused(names));
    };
    return { path, cors, handle };
  }

  /** Who asks, or what to answer somebody who asks too often, or with too many wrong tokens. */
  identify(request: Request, { remoteAddress }: RequestContext): Caller | Response {
    const source = sourceOf(remoteAddress);
    // Whoever is on this machine could read the hub's files; those behind a proxy have their own address.
    const waitMs = isLoopback(source) ? 0 : this.#throttle.waitMs(source);
    if (waitMs > 0) return tooMany("too many requests from your address", waitMs);
    // What is limited here is asking at all, whatever comes of it.
    this.#throttle.fail(source);
    const identified = this.#options.authenticator.identify(tokenOf(request).token, remoteAddress);
    if (identified.kind !== "throttled") return identified;
    return tooMany("too many wrong tokens from your address", identified.waitMs);
  }

  /** Takes note of a refusal of somebody whose token is good. */
  denied(caller: Caller, { remoteAddress }: RequestContext, entry: Partial<AuditEntry>): void {
    if (caller.kind !== "identity") return;
    const { audit } = this.#options;
    audit.record({
      ...entry,
      event: "denial",
      result: "refused",
      identity: caller.id,
      source: remoteAddress,
    });
  }

  #admit(request: Request, context: RequestContext): AdminContext | Response {
    const { store, audit } = this.#options;
    const caller = this.identify(request, context);
    if (caller instanceof Response) return caller;
    if (caller.kind !== "identity" || !store.access.canAdminister(caller)) {
      const { pathname } = new URL(request.url);
      this.denied(caller, context, { reason: "not an owner or admin", detail: pathname });
      return problem("forbidden", 403);
    }
    if (!isSafe(request) && isForged(request)) return forgeryRefused();
    const { id: identity } = caller;
    const record: AdminContext["record"] = (entry) =>
      audit.record({ ...entry, identity, source: context.remoteAddress });
    return { ...context, caller, record };
  }
}
