import type { Clock } from "../../core/clock/mod.ts";
import type { LogRing } from "../../core/log/mod.ts";
import { type Access, tokenOf } from "../access/mod.ts";
import { json } from "./respond.ts";
import type { Handler, Route } from "./router.ts";

/** Lines given unless the query asks for another number. Spec: hub-api.md 1.6 */
const DEFAULT_LINES = 100;

/** What the administration routes work with. */
export interface AdminRoutesOptions {
  /** Who may do what, as of now. */
  readonly access: () => Access;
  /** The last lines of the log. */
  readonly logs: LogRing;
  /** Gives the time. */
  readonly clock: Clock;
}

/** Lets owners and admins through, on an open hub nobody. Spec: hub-api.md 1.0 (OA) */
export function administrators(
  { access, clock }: Pick<AdminRoutesOptions, "access" | "clock">,
  handle: Handler,
): Handler {
  return (request, context) => {
    const rules = access();
    const caller = rules.authenticate(tokenOf(request).token, clock.wallMs());
    return rules.canAdminister(caller)
      ? handle(request, context)
      : json({ error: "forbidden" }, 403);
  };
}

function linesAsked(request: Request): number {
  const text = new URL(request.url).searchParams.get("lines") ?? "";
  return /^\d+$/.test(text) && Number(text) > 0 ? Number(text) : DEFAULT_LINES;
}

/** The routes for owners and admins. */
export function adminRoutes(options: AdminRoutesOptions): Route[] {
  return [{
    path: "/api/admin/logs",
    cors: "admin",
    handle: administrators(
      options,
      (request) =>
        request.method === "GET"
          ? json({ lines: options.logs.tail(linesAsked(request)) })
          : json({ error: "method not allowed" }, 405),
    ),
  }];
}
